// @ts-check
/** Computes scale and position of a picture in a window. */

/**
 * @typedef {{width: number, height: number}} Size
 * @typedef {{scale: number, x: number, y: number}} Place  the picture's corner, in the window's pixels
 */

/**
 * As large as the window allows, and never larger than life.
 * @param {Size} picture
 * @param {Size} space
 * @param {number} life  the scale of one picture pixel on one screen pixel
 */
export function fitScale(picture, space, life) {
  return Math.min(space.width / picture.width, space.height / picture.height, life);
}

/**
 * Scale around a point of the window, which stays where it is.
 * @param {Place} place
 * @param {number} scale
 * @param {{x: number, y: number}} point
 * @returns {Place}
 */
export function scaleAround(place, scale, point) {
  const factor = scale / place.scale;
  return { scale, x: point.x - (point.x - place.x) * factor, y: point.y - (point.y - place.y) * factor };
}

/**
 * A picture smaller than the window stands in its middle; a larger one always covers it.
 * @param {Place} place
 * @param {Size} picture
 * @param {Size} space
 * @returns {Place}
 */
export function keepInside(place, picture, space) {
  const { scale } = place;
  return {
    scale,
    x: inside(place.x, picture.width * scale, space.width),
    y: inside(place.y, picture.height * scale, space.height),
  };
}

/**
 * @param {number} at
 * @param {number} length
 * @param {number} space
 */
function inside(at, length, space) {
  if (length <= space) return (space - length) / 2;
  return Math.min(0, Math.max(space - length, at));
}

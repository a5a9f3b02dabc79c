"""Imported pictures are stored once, upright, without metadata, and small for pages."""

import io

import pytest
from django.core.files.storage import default_storage
from PIL import Image, ImageCms, ImageOps, PngImagePlugin

from annotation.imports.picture_decoding import make_copies
from annotation.models import Picture
from tests.factories import make_study

from .importing import import_sample_file, line_counts, make_picture, sample_line, write_samples

SECRET = "made by generator-x at 52.52 N"


def open_stored(data: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


def make_exif(orientation: int = 1) -> Image.Exif:
    data = Image.Exif()
    data[0x0112] = orientation
    data[0x010E] = SECRET
    data.get_ifd(0x8825)[1] = "N"
    data.get_ifd(0x8825)[2] = (52.0, 31.0, 12.0)
    return data


def tell_tale(kind: str, orientation: int = 1, size=(64, 48)) -> bytes:
    options = {"exif": make_exif(orientation)}
    if kind == "JPEG":
        options |= {"comment": SECRET, "quality": 80}
    if kind == "PNG":
        info = PngImagePlugin.PngInfo()
        info.add_text("parameters", SECRET)
        info.add_itxt("prompt", SECRET)
        options["pnginfo"] = info
    return make_picture(kind, size, **options) + SECRET.encode()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "AVIF"])
def test_what_a_file_tells_of_its_origin_is_gone_and_the_picture_is_the_same(kind):
    data = tell_tale(kind)
    assert SECRET.encode() in data
    copies = make_copies(data)
    for copy in (copies.full, copies.web):
        assert SECRET.encode() not in copy.data
        image = open_stored(copy.data)
        assert not image.getexif()
        assert not {"comment", "parameters", "prompt", "exif", "xmp", "icc_profile"} & image.info.keys()
    assert open_stored(copies.full.data).convert("RGB").tobytes() == open_stored(data).convert("RGB").tobytes()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("orientation", range(2, 9))
def test_a_turned_picture_is_stored_upright(kind, orientation):
    data = tell_tale(kind, orientation)
    copies = make_copies(data)
    upright = ImageOps.exif_transpose(open_stored(data)).convert("RGB")
    image = open_stored(copies.full.data).convert("RGB")
    assert image.size == upright.size == (copies.full.width, copies.full.height)
    corner = (4, 4), (image.width - 5, image.height - 5), (4, image.height - 5), (image.width - 5, 4)
    for place in corner:
        assert all(abs(a - b) < 30 for a, b in zip(image.getpixel(place), upright.getpixel(place), strict=True))
    assert SECRET.encode() not in copies.full.data
    assert not open_stored(copies.full.data).getexif()


def test_a_jpeg_is_not_compressed_a_second_time():
    data = tell_tale("JPEG", size=(300, 200))
    assert open_stored(make_copies(data).full.data).quantization == open_stored(data).quantization
    turned = make_copies(tell_tale("JPEG", 6, size=(300, 200))).full.data
    assert open_stored(turned).quantization == open_stored(data).quantization


def test_a_progressive_jpeg_keeps_its_pixels():
    data = make_picture("JPEG", (300, 200), progressive=True, exif=make_exif())
    full = make_copies(data).full.data
    assert SECRET.encode() not in full
    assert open_stored(full).tobytes() == open_stored(data).tobytes()


def test_of_a_moving_picture_the_first_frame_is_kept():
    frames = [Image.new("RGB", (40, 30), colour) for colour in ("red", "blue", "green")]
    for kind in ("GIF", "WEBP", "PNG"):
        buffer = io.BytesIO()
        options = {"lossless": True} if kind == "WEBP" else {}
        frames[0].save(buffer, kind, save_all=True, append_images=frames[1:], duration=50, **options)
        full = open_stored(make_copies(buffer.getvalue()).full.data)
        assert getattr(full, "n_frames", 1) == 1
        assert full.convert("RGB").getpixel((5, 5)) == (255, 0, 0)


def test_transparency_is_kept():
    for kind in ("PNG", "WEBP", "GIF"):
        buffer = io.BytesIO()
        Image.new("RGBA", (40, 30), (255, 0, 0, 0)).save(buffer, kind)
        copies = make_copies(buffer.getvalue())
        assert open_stored(copies.full.data).convert("RGBA").getpixel((5, 5))[3] == 0


def test_colours_of_another_profile_are_taken_to_srgb():
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("XYZ"))
    data = make_picture("PNG", icc_profile=lab.tobytes())
    full = open_stored(make_copies(data).full.data)
    assert "icc_profile" not in full.info
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    same = make_copies(make_picture("PNG", icc_profile=srgb)).full.data
    assert open_stored(same).tobytes() == open_stored(make_picture("PNG")).tobytes()
    assert "icc_profile" not in open_stored(same).info


def test_pictures_in_print_colours_and_sixteen_bits_can_be_shown():
    buffer = io.BytesIO()
    Image.new("CMYK", (40, 30), (0, 255, 255, 0)).save(buffer, "JPEG")
    assert open_stored(make_copies(buffer.getvalue()).full.data).mode == "RGB"
    buffer = io.BytesIO()
    Image.new("I;16", (2000, 30), 65_535).save(buffer, "PNG")
    copies = make_copies(buffer.getvalue())
    assert open_stored(copies.web.data).convert("L").getpixel((5, 5)) > 250


@pytest.mark.parametrize(
    ("size", "web"), [((3000, 600), (1600, 320)), ((500, 4000), (200, 1600)), ((9000, 2), (1600, 1))]
)
def test_the_copy_for_the_page_is_at_most_1600_pixels_long(size, web):
    copies = make_copies(make_picture("PNG", size))
    assert (copies.full.width, copies.full.height) == size
    assert (copies.web.width, copies.web.height) == open_stored(copies.web.data).size == web
    assert copies.web.format == "WEBP"


def test_a_small_picture_is_its_own_copy_for_the_page():
    copies = make_copies(make_picture("PNG"))
    assert copies.web is copies.full


@pytest.mark.django_db
class TestStored:
    def stored(self, tmp_path, *contents: bytes):
        study = make_study()
        for number, content in enumerate(contents):
            (tmp_path / f"{number}.png").write_bytes(content)
        lines = [sample_line(str(n), image=f"{n}.png") for n in range(len(contents))]
        path = write_samples(tmp_path, *lines)
        return study, path, import_sample_file(study, path)

    def test_the_file_is_kept_as_it_came_beside_its_copies(self, tmp_path):
        data = tell_tale("PNG", size=(2000, 100))
        self.stored(tmp_path, data)
        row = Picture.objects.get()
        assert default_storage.open(row.original).read() == data
        assert open_stored(default_storage.open(row.full).read()).size == (row.width, row.height) == (2000, 100)
        assert open_stored(default_storage.open(row.web).read()).size == (row.web_width, row.web_height) == (1600, 80)
        assert (row.format, row.bytes) == ("PNG", len(data))

    def test_the_same_content_is_stored_once(self, tmp_path):
        _, _, report = self.stored(tmp_path, make_picture(), make_picture(), make_picture("PNG", (20, 20)))
        assert line_counts(report) == (3, 0, 0, 0)
        assert Picture.objects.count() == 2

    def test_nothing_is_decoded_again_when_the_same_comes_again(self, tmp_path, monkeypatch):
        study, path, _ = self.stored(tmp_path, make_picture())
        monkeypatch.setattr("annotation.imports.pictures.make_copies", None)
        assert line_counts(import_sample_file(study, path)) == (0, 0, 1, 0)

    def test_a_lost_file_is_put_back(self, tmp_path):
        study, path, _ = self.stored(tmp_path, make_picture())
        row = Picture.objects.get()
        default_storage.delete(row.full)
        assert line_counts(import_sample_file(study, path)) == (0, 0, 1, 0)
        again = Picture.objects.get()
        assert again.pk == row.pk
        assert open_stored(default_storage.open(again.full).read()).size == (64, 48)

    def test_half_a_file_of_an_import_that_was_killed_is_replaced(self, tmp_path):
        from django.core.files.base import ContentFile

        study, path, _ = self.stored(tmp_path, make_picture())
        row = Picture.objects.get()
        default_storage.delete(row.original)
        default_storage.save(row.original, ContentFile(make_picture()[:50]))
        default_storage.delete(row.full)
        import_sample_file(study, path)
        row.refresh_from_db()
        assert default_storage.open(row.original).read() == make_picture()

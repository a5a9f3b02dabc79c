"""Encoders of a few thousand random weights, in the folders and formats in which real ones come."""

import torch
from tokenizers import Tokenizer, models, pre_tokenizers, processors
from transformers import (
    BertConfig,
    BertModel,
    CLIPConfig,
    CLIPImageProcessorPil,
    CLIPModel,
    PreTrainedTokenizerFast,
    SiglipConfig,
    SiglipImageProcessorPil,
    SiglipModel,
    ViTConfig,
    ViTImageProcessorPil,
    ViTModel,
)

SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]")
# Of the same letters, so that nothing that counts letters or words can tell them apart.
GOOD, BAD = ("stare", "tears"), ("rates", "aster")
WORDS = (*GOOD, *BAD, "the", "stood", "by", "bridge", "what", "day", "a", "red", "blue", "?", ".")
SMALL = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 32}
SIDE = 16


def text_encoder(folder, *, seed=1, longest=300):
    """Write a model like BERT whose words are those of `WORDS`."""
    torch.manual_seed(seed)
    vocabulary = len(SPECIAL) + len(WORDS)
    config = BertConfig(vocab_size=vocabulary, max_position_embeddings=longest, initializer_range=0.5, **SMALL)
    BertModel(config).save_pretrained(folder)
    _tokenizer("[CLS]", "[SEP]", longest).save_pretrained(folder)
    return folder


def image_encoder(folder, *, seed=1):
    """Write a model like ViT for pictures of 16 x 16."""
    torch.manual_seed(seed)
    ViTModel(ViTConfig(image_size=SIDE, patch_size=8, initializer_range=0.2, **SMALL)).save_pretrained(folder)
    ViTImageProcessorPil(size={"height": SIDE, "width": SIDE}).save_pretrained(folder)
    return folder


def joint_encoder(folder, *, seed=1):
    """Write a model like CLIP: texts of at most 12 tokens, pictures of 16 x 16, both in eight dimensions."""
    torch.manual_seed(seed)
    words = {"vocab_size": len(SPECIAL) + len(WORDS), "max_position_embeddings": 12, "eos_token_id": 3}
    pictures = {"image_size": SIDE, "patch_size": 8}
    config = CLIPConfig(text_config=SMALL | words, vision_config=SMALL | pictures, projection_dim=8)
    CLIPModel(config).save_pretrained(folder)
    size = {"height": SIDE, "width": SIDE}
    CLIPImageProcessorPil(size=size, crop_size=size, do_center_crop=False).save_pretrained(folder)
    _tokenizer("[CLS]", "[SEP]", 12).save_pretrained(folder)
    return folder


def unmasked_encoder(folder, *, seed=1):
    """Write a model like SigLIP: texts are filled up to 16 tokens, which it reads without a mask."""
    torch.manual_seed(seed)
    words = {"vocab_size": len(SPECIAL) + len(WORDS), "max_position_embeddings": 16, "projection_size": 16}
    pictures = {"image_size": SIDE, "patch_size": 8}
    SiglipModel(SiglipConfig(text_config=SMALL | words, vision_config=SMALL | pictures)).save_pretrained(folder)
    SiglipImageProcessorPil(size={"height": SIDE, "width": SIDE}).save_pretrained(folder)
    _tokenizer("[CLS]", "[SEP]", 16).save_pretrained(folder)
    return folder


def _tokenizer(before, after, longest):
    places = {word: place for place, word in enumerate((*SPECIAL, *WORDS))}
    tokenizer = Tokenizer(models.WordLevel(places, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{before} $A {after}", special_tokens=[(before, places[before]), (after, places[after])]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token="[PAD]",
        unk_token="[UNK]",
        cls_token=before,
        sep_token=after,
        model_max_length=longest,
    )

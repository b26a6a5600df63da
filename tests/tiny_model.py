"""A sentence-transformers model of two thin layers, made in a second, that reads characters: to train for real in tests."""

from __future__ import annotations

from pathlib import Path

import torch
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.modules import Normalize, Pooling, Transformer
from tokenizers import Regex, Tokenizer, models, pre_tokenizers, processors
from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

HIDDEN = 32


def make_tiny_model(folder: Path, characters: str, seed: int = 0) -> Path:
    """Write the model to a folder; it knows these characters."""
    torch.manual_seed(seed)
    pieces = ["<s>", "<pad>", "</s>", "<unk>", *sorted(set(characters))]
    tokenizer = Tokenizer(models.WordLevel({piece: i for i, piece in enumerate(pieces)}, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex("."), "isolated")
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 2)]
    )
    plain = folder / "plain"
    BertModel(
        BertConfig(
            vocab_size=len(pieces),
            hidden_size=HIDDEN,
            num_hidden_layers=2,
            num_attention_heads=4,
            intermediate_size=64,
            max_position_embeddings=128,
            pad_token_id=1,
        )
    ).save_pretrained(plain)
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, bos_token="<s>", eos_token="</s>", pad_token="<pad>", unk_token="<unk>"
    ).save_pretrained(plain)
    transformer = Transformer(str(plain), max_seq_length=128)
    SentenceTransformer(modules=[transformer, Pooling(HIDDEN), Normalize()]).save(str(folder / "model"))
    return folder / "model"

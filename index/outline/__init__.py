"""Addresses: 问题三第2条, 2.5, 问题二有哪些措施, 贯彻落实第二点 -> the clauses they name, without any model.

A query is an address only when every character of it is part of a place or of a fixed phrase around it (是什么, 念一下);
one word of real content and it is left to the ranker. Nothing here knows a notice's words: numbers come from the order
of its headings and of what stands under them, names from its labels.
"""

from index.outline.numerals import number_of, numeral
from index.outline.outline import Outline
from index.outline.words import FILLERS as ADDRESS_PHRASES

__all__ = ["ADDRESS_PHRASES", "Outline", "number_of", "numeral"]

"""Moonshine tiny (English) on onnxruntime: hears live, on one thread, in a tenth of real time.

Only the weights are taken from the package `moonshine-voice`; its own runtime is not loaded. Each
answer is made from the whole stretch so far. The decoder is not asked word by word for what it said
before: the earlier answer is put to it in one go, and it goes on from where it would now differ
(Leviathan et al. 2023, speculative decoding, with the earlier answer as the draft).
"""

from __future__ import annotations

import os
from collections import OrderedDict
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from hustings.captions import weights
from hustings.captions.engine import RATE, Live, Sound, Whole

_BEGIN: Final = 1
_END: Final = 2
_SPACE: Final = "\u2581".encode()
_TOKENS_PER_S: Final = 6.5  # beyond it the model repeats itself: its makers' own bound
_SHORTEST: Final = RATE // 4  # the first layers need as much

# What the model makes of hum, applause and hiss it believes in less than in words. Mean logarithm
# of the tokens' probability: speech -0.02 to -0.4, noise -0.35 to -1.1; one word for itself, which
# is what noise mostly becomes ("You"), has to be surer.
_SURE_LOG: Final = -0.7
_SURE_ALONE_LOG: Final = -0.3
_ALONE_TOKENS: Final = 2
_DRAFTS: Final = 64  # answers whose tokens are remembered: one of each seat that talks


class Moonshine:
    """The engine."""

    name = weights.MOONSHINE
    live = frozenset({"en"})
    whole: frozenset[str] = frozenset()

    def __init__(self, models: Path | None) -> None:
        self._models = models

    def open_live(self, language: str) -> Live:
        """Load the weights: 0.3 s, 150 MB."""
        return _Moonshine(weights.moonshine(self._models))

    def open_whole(self, language: str) -> Whole:
        """It hears nothing but what is said now."""
        raise NotImplementedError


class _Moonshine:
    def __init__(self, folder: Path) -> None:
        # A library that finds more threads than the machine can spare takes them from the stage.
        os.environ.setdefault("OMP_NUM_THREADS", "1")
        import onnxruntime  # type: ignore[import-untyped]

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        providers = ["CPUExecutionProvider"]
        self._encoder = onnxruntime.InferenceSession(
            folder / "encoder_model.ort", options, providers=providers
        )
        self._decoder = onnxruntime.InferenceSession(
            folder / "decoder_model_merged.ort", options, providers=providers
        )
        self._tokens = _vocabulary((folder / "tokenizer.bin").read_bytes())
        self._empty = {
            one.name: np.zeros((1, one.shape[1], 0, one.shape[3]), np.float32)
            for one in self._decoder.get_inputs()
            if one.name.startswith("past_key_values.")
        }
        self._made = [one.name for one in self._decoder.get_outputs()]
        self._drafts: OrderedDict[str, list[int]] = OrderedDict()

    def partial(self, sound: Sound, *, before: str) -> str:
        """What was said so far."""
        return self._hear(sound, before)

    def final(self, sound: Sound, *, before: str) -> str:
        """What was said in a whole stretch."""
        return self._hear(sound, before)

    def _hear(self, sound: Sound, before: str) -> str:
        if len(sound) < _SHORTEST:
            sound = np.pad(sound, (0, _SHORTEST - len(sound)))
        tokens, sure = self._decode(sound, self._drafts.pop(before, []))
        least = _SURE_ALONE_LOG if len(tokens) <= _ALONE_TOKENS else _SURE_LOG
        text = self._text(tokens) if sure >= least else ""
        if not any(map(str.isalnum, text)):
            text = ""
        if text:
            self._drafts[text] = tokens
            while len(self._drafts) > _DRAFTS:
                self._drafts.popitem(last=False)
        return text

    def _decode(self, sound: Sound, draft: list[int]) -> tuple[list[int], float]:
        """The tokens, and how sure the model is of them."""
        mask = np.ones((1, len(sound)), np.int64)
        (heard,) = self._encoder.run(None, {"input_values": sound[None], "attention_mask": mask})
        fixed = {"encoder_attention_mask": mask, "encoder_hidden_states": heard}
        most = int(len(sound) / RATE * _TOKENS_PER_S) + 1
        past, chosen, logs = self._check(fixed, draft[:most])
        while chosen[-1] != _END and len(chosen) <= most:
            out = self._run(fixed, chosen[-1:], past, cached=True)
            logits = out.pop("logits")[0, -1]
            past |= {name: value for name, value in out.items() if ".decoder." in name}
            chosen.append(int(logits.argmax()))
            logs.append(_log(logits))
        return [token for token in chosen if token != _END], float(np.mean(logs))

    def _check(
        self, fixed: dict[str, Any], draft: list[int]
    ) -> tuple[dict[str, Any], list[int], list[float]]:
        """As much of a draft as the model would say itself, and the token that follows it."""
        out = self._run(fixed, [_BEGIN, *draft], self._empty, cached=False)
        logits = out.pop("logits")[0]
        best = logits.argmax(-1)
        same = 0
        while same < len(draft) and best[same] == draft[same]:
            same += 1
        past = {
            name: value[:, :, : same + 1] if ".decoder." in name else value
            for name, value in out.items()
        }
        return past, best[: same + 1].tolist(), [_log(one) for one in logits[: same + 1]]

    def _run(
        self, fixed: dict[str, Any], tokens: list[int], past: dict[str, Any], *, cached: bool
    ) -> dict[str, Any]:
        given = {
            **fixed,
            **past,
            "input_ids": np.array([tokens], np.int64),
            "use_cache_branch": np.array([cached]),
        }
        made = zip(self._made, self._decoder.run(None, given), strict=True)
        return {name.replace("present", "past_key_values"): value for name, value in made}

    def _text(self, tokens: list[int]) -> str:
        joined = b"".join(self._tokens[token] for token in tokens)
        return joined.replace(_SPACE, b" ").decode(errors="ignore").strip()


def _log(logits: NDArray[np.float32]) -> float:
    """Logarithm of the greatest probability."""
    return -float(np.log(np.exp(logits - logits.max()).sum()))


def _vocabulary(data: bytes) -> list[bytes]:
    """The tokens in a `tokenizer.bin`: each its length (one byte, or two from 128 on) and bytes."""
    tokens, at = [], 0
    while at < len(data):
        length, at = data[at], at + 1
        if length >= 128:
            length, at = data[at] * 128 + length - 128, at + 1
        tokens.append(data[at : at + length])
        at += length
    return tokens

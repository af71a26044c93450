"""Whisper base (a hundred languages) by faster-whisper: hears recordings, with times of words.

It believes that there is speech in whatever it is given. So it is given only what the voice
activity detection let through, and what it is not sure of is left out.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

import numpy as np

from hustings.captions import weights
from hustings.captions.engine import Live, Sound, Whole, Word, primary

_LANGUAGES: Final = frozenset({
    "af", "am", "ar", "as", "az", "ba", "be", "bg", "bn", "bo", "br", "bs", "ca", "cs",
    "cy", "da", "de", "el", "en", "es", "et", "eu", "fa", "fi", "fo", "fr", "gl", "gu",
    "ha", "haw", "he", "hi", "hr", "ht", "hu", "hy", "id", "is", "it", "ja", "jw", "ka",
    "kk", "km", "kn", "ko", "la", "lb", "ln", "lo", "lt", "lv", "mg", "mi", "mk", "ml",
    "mn", "mr", "ms", "mt", "my", "ne", "nl", "nn", "no", "oc", "pa", "pl", "ps", "pt",
    "ro", "ru", "sa", "sd", "si", "sk", "sl", "sn", "so", "sq", "sr", "su", "sv", "sw",
    "ta", "te", "tg", "th", "tk", "tl", "tr", "tt", "uk", "ur", "uz", "vi", "yi", "yo",
    "zh",
})  # fmt: skip

_BEAM: Final = 5
_SURE_LOG: Final = -1.0  # mean logarithm of probability; the model's own bound
_NO_SPEECH: Final = 0.6  # the model's own bound, together with the one above
_NO_SPEECH_ALONE: Final = 0.9  # so sure of no speech that its words do not matter
_DENSE: Final = 2.4  # gzip's ratio of a text that repeats itself: the model's own bound
_REPEATS: Final = 4  # a run of words this many times in a row was not said
_RUN_WORDS: Final = 6
_WORD_MS: Final = 20  # shorter ones are no words, but fillings of silence


class Whisper:
    """The engine. `cache` is where the weights may be joined from their packages."""

    name = weights.WHISPER
    live: frozenset[str] = frozenset()
    whole = _LANGUAGES

    def __init__(self, models: Path | None, cache: Path) -> None:
        self._models = models
        self._cache = cache

    def open_live(self, language: str) -> Live:
        """It hears nothing but recordings."""
        raise NotImplementedError

    def open_whole(self, language: str) -> Whole:
        """Load the weights: 1 s, 300 MB."""
        return _Whisper(weights.whisper(self._models, self._cache), primary(language))


class _Whisper:
    def __init__(self, folder: Path, language: str) -> None:
        os.environ.setdefault("OMP_NUM_THREADS", "1")
        from faster_whisper import WhisperModel  # type: ignore[import-untyped]

        self._language = language
        self._model = WhisperModel(
            str(folder),
            device="cpu",
            compute_type="int8",
            cpu_threads=1,
            num_workers=1,
            local_files_only=True,
        )

    def words(self, sound: Sound) -> list[Word]:
        """The words of up to 30 s of speech."""
        segments, _ = self._model.transcribe(
            np.ascontiguousarray(sound, np.float32),
            language=self._language,
            beam_size=_BEAM,
            temperature=0.0,  # the same words each time, and no minutes spent on noise
            condition_on_previous_text=False,
            word_timestamps=True,
            vad_filter=False,
            log_prob_threshold=_SURE_LOG,
            no_speech_threshold=_NO_SPEECH,
            compression_ratio_threshold=_DENSE,
        )
        words = []
        for segment in segments:
            unsure = segment.avg_logprob < _SURE_LOG
            if segment.no_speech_prob > (_NO_SPEECH if unsure else _NO_SPEECH_ALONE):
                continue
            if segment.compression_ratio > _DENSE:
                continue
            words += [
                Word(round(word.start * 1000), round(word.end * 1000), word.word)
                for word in segment.words or ()
            ]
        return unrepeated(plausible(words))


def plausible(words: list[Word]) -> list[Word]:
    """The words without those that no mouth is quick enough for, where several follow each other:
    the model fills silence with them."""
    quick = [False, *(word.end_ms - word.at_ms < _WORD_MS for word in words), False]
    return [
        word for i, word in enumerate(words, 1) if not (quick[i] and (quick[i - 1] or quick[i + 1]))
    ]


def unrepeated(words: list[Word]) -> list[Word]:
    """The words, of a run that comes again and again its first time only."""
    said = [word.text.strip(" ,.?!").lower() for word in words]
    for length in range(1, _RUN_WORDS + 1):
        for at in range(len(words) - length * _REPEATS + 1):
            run = said[at : at + length]
            times = 1
            while said[at + times * length : at + (times + 1) * length] == run:
                times += 1
            if times >= _REPEATS:
                end = at + times * length
                return [*words[: at + length], *unrepeated(words[end:])]
    return words

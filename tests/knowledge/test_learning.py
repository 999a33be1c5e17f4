"""The linear model: it learns which features decide, forgets nothing it was told, and tells its reasons."""

from collections.abc import Mapping

import numpy as np
import pytest

from knowledge.features import ELSEWHERE, said
from knowledge.learning import HELD, Known, Model, learn

TEXTS = {
    "machine": ("mua máy mới", "máy mới có hỗ trợ không", "mua thiết bị mới"),
    "used": ("mua máy cũ", "máy cũ có hỗ trợ không", "máy đã qua sử dụng"),
    "loan": ("vay vốn", "vay tiền ngân hàng", "lãi suất vay"),
}


def model(texts: Mapping[str, tuple[str, ...]] = TEXTS) -> Model:
    return learn({name: [said(text).features for text in own] for name, own in texts.items()})


def known(found: Model, text: str) -> Known:
    return found.known(said(text).features)


def best(found: Model, text: str) -> str:
    return found.classes[int(found.scores(known(found, text)).argmax())]


def test_the_word_that_decides_between_neighbours_is_learned() -> None:
    found = model()
    assert best(found, "tôi định mua cái máy cũ") == "used"
    assert best(found, "tôi định mua cái máy mới") == "machine"
    assert best(found, "tien vay") == "loan"


def test_scores_are_logarithms_of_probabilities() -> None:
    assert np.exp(model().scores(known(model(), "máy cũ"))).sum() == pytest.approx(1)


def test_the_reasons_add_up_to_the_score() -> None:
    found = model()
    asked = known(found, "mua máy cũ")
    adds = [sum(found.adds(asked, n).values()) + found.bias[n] for n in range(3)]
    assert np.subtract(adds, adds[0]) == pytest.approx(
        np.subtract(found.scores(asked), found.scores(asked)[0]), abs=1e-4
    )
    assert found.adds(asked, 1)["w:cu"] > 0
    assert "w:cu" not in found.adds(asked, 2), "a class has no weight for what its texts do not hold"


def test_the_same_texts_give_the_same_model() -> None:
    assert (model().weights == model().weights).all()


@pytest.mark.parametrize("texts", [{}, {"a": ()}, {"a": ("x",)}, {"a": (), "b": ("mua máy",)}])
def test_a_model_of_little_is_a_model(texts: dict[str, tuple[str, ...]]) -> None:
    found = model(texts)
    assert len(found.scores(known(found, "mua máy"))) == len(found.scores(known(found, ""))) == len(texts)


def test_what_too_many_classes_hold_is_passed_over() -> None:
    found = model({str(n): ("chung", f"rieng{n}") for n in range(HELD + 1)})
    assert not found.adds(known(found, "chung"), 0)
    assert best(found, "rieng7") == "7"


def test_letters_tie_a_word_to_its_misspellings_and_marks_part_what_folding_merges() -> None:
    found = model({"refund": ("hoàn thuế",), "deferral": ("hoãn thuế",)})
    assert best(found, "hoàn") == "refund"
    assert best(found, "hoãn") == "deferral"
    assert best(model(), "muamay") != "loan"


def test_other_provinces_say_elsewhere() -> None:
    assert ELSEWHERE in said("khuyến công Đồng Nai").features
    assert ELSEWHERE in said("khuyen cong dong nai").features
    assert ELSEWHERE not in said("khuyến công Bến Tre").features

import pytest

from skfake.corruptions import CORRUPTIONS, MIXES, SUITES
from skfake.corruptions.conditions import Condition, list_conditions, unit_of
from skfake.corruptions.mix import read_mix


def test_the_contest_s_suite_is_what_it_publishes():
    assert [condition.steps for condition in list_conditions("techjam")] == [
        *((("jpeg", quality),) for quality in (90, 70, 50, 30)),
        *((("blur", deviation),) for deviation in (0.5, 1, 2)),
        *((("rescale", share),) for share in (0.5, 0.25)),
        # Of the range from 0 to 255.
        *((("noise", pytest.approx(255 * part)),) for part in (0.02, 0.05, 0.1)),
        (("color_jitter", 0.2),),
        (("center_crop", 0.8),),
    ]


def test_the_common_suite_is_every_corruption_by_five_degrees():
    conditions = list_conditions("common")
    assert len(conditions) == 5 * len(CORRUPTIONS)
    assert {condition.before for condition in conditions} == {()}


@pytest.mark.parametrize("suite", SUITES)
def test_conditions_of_a_suite_have_names_of_their_own(suite):
    keys = [(c.name, c.strength) for c in list_conditions(suite)]
    assert len({*keys}) == len(keys)
    for name, _ in keys:
        assert unit_of(name) in {of.unit for of in CORRUPTIONS.values()}


def test_pairs_are_of_each_two_kinds_and_platforms_resize_first():
    pairs = [{name for name, _ in c.steps} for c in list_conditions("pairs")]
    assert all(len(pair) == 2 for pair in pairs)
    assert len({frozenset(pair) for pair in pairs}) == len(pairs) == 15
    for condition in list_conditions("platform"):
        first, last = condition.steps
        assert first[0] == "rescale"
        assert CORRUPTIONS[last[0]].is_codec


def test_a_condition_says_what_comes_before():
    condition = Condition("jpeg", 70, (("crop", 0.8), ("blur", 2.0)))
    assert condition.name == "crop 0.8, blur 2, jpeg"
    assert condition.steps == (("crop", 0.8), ("blur", 2.0), ("jpeg", 70))
    assert unit_of(condition.name) == "quality"


@pytest.mark.parametrize("name", MIXES)
def test_a_named_mix_is_the_same_mix_spelled_out(name):
    assert read_mix(name, 0.5) == read_mix(dict(MIXES[name]), 0.5)

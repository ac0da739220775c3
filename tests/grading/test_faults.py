"""A fault that no longer fits its solution is an error, never a silent pass."""

import pytest

from exercises.grading.faults import BrokenFault, Edit, Fault


def fault(find: str) -> Fault:
    return Fault(
        name="a-fault",
        belief="It is right.",
        rejected_by=("a_criterion",),
        edit=(Edit(find=find, replace="wrong"),),
    )


def test_a_fault_replaces_the_one_place_it_names() -> None:
    assert fault("right").applied_to("this is right") == "this is wrong"


@pytest.mark.parametrize("source", ["nothing of the kind", "right and right again"])
def test_a_fault_that_fits_nowhere_or_twice_is_refused(source: str) -> None:
    with pytest.raises(BrokenFault, match="not once"):
        fault("right").applied_to(source)

"""How machines are put into words."""

from holdfast.report.wording import machine

EPYC = {"processor": "AMD EPYC 7B13", "cores": 2}
GPU = {**EPYC, "device": "cuda", "device_name": "NVIDIA H100"}


def test_a_machine_is_told_by_its_processor_and_cores_whether_the_record_names_the_device_or_not():
    assert machine(EPYC) == "AMD EPYC 7B13, 2 cores"
    assert machine({**EPYC, "device": "cpu"}) == "AMD EPYC 7B13, 2 cores"
    assert machine({}) == "unknown"


def test_a_gpu_that_trained_is_told_first():
    assert machine(GPU) == "NVIDIA H100, AMD EPYC 7B13, 2 cores"
    assert machine({**EPYC, "device": "mps"}) == "mps, AMD EPYC 7B13, 2 cores"


def test_all_machines_that_a_run_was_made_on_are_told_in_turn():
    again = {**EPYC, "torch": "2.13.0", "before": [{**EPYC, "torch": "2.12.0"}, GPU, {**GPU, "threads": 1}]}
    assert (
        machine(again)
        == "AMD EPYC 7B13, 2 cores, then NVIDIA H100, AMD EPYC 7B13, 2 cores, then AMD EPYC 7B13, 2 cores"
    )

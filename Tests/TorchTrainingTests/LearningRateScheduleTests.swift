import Testing

@testable import TorchTraining

@Suite struct LearningRateScheduleTests {
    @Test func warmsUpAndFallsToTheFloor() {
        let schedule = LearningRateSchedule(peak: 2, warmupSteps: 4, totalSteps: 14, cycles: 0.5, floorRatio: 0.1)
        #expect((0...4).map(schedule.rate) == [0, 0.5, 1, 1.5, 2])
        // Half of the way down is in the middle between peak and floor.
        #expect(abs(schedule.rate(at: 9) - 1.1) < 1e-12)
        #expect(abs(schedule.rate(at: 14) - 0.2) < 1e-12)
    }

    @Test func comesBackWithEachCycle() {
        let schedule = LearningRateSchedule(peak: 1, totalSteps: 30, cycles: 3)
        for step in [0, 10, 20] { #expect(abs(schedule.rate(at: step) - 1) < 1e-12) }
        for step in [5, 15, 25] { #expect(abs(schedule.rate(at: step)) < 1e-12) }
    }
}

@Suite struct LossScaleTests {
    @Test func halvesOnOverflowAndDoublesAfterManyGoodUpdates() {
        var scale = LossScale()
        scale.update(isFinite: false)
        #expect(scale.value == 32768)
        for _ in 0..<1999 { scale.update(isFinite: true) }
        #expect(scale.value == 32768)
        scale.update(isFinite: true)
        #expect(scale.value == 65536)
        for _ in 0..<20 { scale.update(isFinite: false) }
        #expect(scale.value == 1 && !scale.canShrink)
    }
}

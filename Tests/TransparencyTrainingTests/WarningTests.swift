import Testing

@testable import TransparencyTraining

/// What is told of settings that are allowed and do not do what they seem to.
@Suite struct WarningTests {
    @Test func aWarmUpAsLongAsTheRunIsTold() {
        var settings = TrainingSettings()
        settings.training.maxTrainSteps = 10
        settings.learningRateScheduler.lrWarmupSteps = 10
        #expect(
            settings.warnings(pictureCount: 100).contains { $0.hasPrefix("the warm-up of 10 updates is as long as") })
        settings.learningRateScheduler.lrWarmupSteps = 5
        #expect(settings.warnings(pictureCount: 100).isEmpty)
    }

    @Test func shardingInOneProcessIsTold() {
        var settings = TrainingSettings()
        settings.training.maxTrainSteps = 10
        settings.learningRateScheduler.lrWarmupSteps = 0
        settings.compute.sharding = .full
        #expect(settings.warnings(pictureCount: 100).contains { $0.hasPrefix("--sharding full changes nothing") })
        settings.training.processCount = 2
        #expect(settings.warnings(pictureCount: 100).isEmpty)
    }
}

package import Torch

extension TrainingSettings {
    /// The same for one process of a launch: its share of the machine where nothing else was said, and its device.
    package func shared(by launch: LaunchEnvironment?) throws -> TrainingSettings {
        guard let launch, launch.worldSize > 1 else { return self }
        var shared = self
        shared.training.processCount = launch.worldSize
        shared.compute.device = launch.device(try Device.usable(compute.device))
        shared.compute.threads = compute.threads ?? launch.threadCount()
        shared.dataset.dataloaderNumWorkers = dataset.dataloaderNumWorkers ?? launch.processorShare
        return shared
    }
}

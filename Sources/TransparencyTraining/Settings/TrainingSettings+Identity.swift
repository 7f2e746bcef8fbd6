import Files
import StableDiffusion3
import TorchTraining
package import TransparencyData
import TransparencySegmentation

extension TrainingSettings {
    /// The same with paths that mean the same from every working folder, as checkpoints keep them.
    func located() -> TrainingSettings {
        var located = self
        // A Hugging Face id is no path.
        if isFolder(model.baseModelPath) { located.model.baseModelPath = absolutePath(model.baseModelPath) }
        located.dataset.datasetPath = dataset.paths.map(absolutePath)
            .joined(separator: DatasetChoice.separator)
        located.dataset.plan = dataset.plan.map(absolutePath)
        return located
    }

    /// Settings that name files. What is in the files is compared, wherever they are.
    static let places: Set = ["base_model_path", "dataset_path", "plan"]

    /// What a run of this many pictures is probably not meant to be, a sentence each.
    package func warnings(pictureCount: Int) -> [String] {
        [
            warmupWarning(pictureCount: pictureCount), lossWarning(pictureCount: pictureCount), shardingWarning,
        ].compactMap(\.self)
    }

    private var shardingWarning: String? {
        guard compute.sharding != .none, training.processCount == 1 else { return nil }
        return
            "--sharding \(compute.sharding.rawValue) changes nothing in one process; start several with torchrun, or see --offload"
    }

    private func warmupWarning(pictureCount: Int) -> String? {
        let schedule = schedule(pictureCount: pictureCount)
        guard schedule.warmupSteps > 0, schedule.warmupSteps >= schedule.totalSteps else { return nil }
        let excess = schedule.warmupSteps > schedule.totalSteps ? "longer than" : "as long as"
        return
            "the warm-up of \(schedule.warmupSteps) updates is \(excess) the run of \(schedule.totalSteps), so that the rate never reaches lr; "
            + "give a shorter one with --lr-warmup-steps"
    }

    /// Refuses pictures of training and validation that cannot be used, before anything is computed. Throws `DatasetError`.
    package func checkPictures(of dataset: Dataset) throws {
        try dataset.check(validationPairs(of: dataset) + dataset.pairs(.train))
    }

    /// What validation looks at. Throws `DatasetError`.
    func validationPairs(of dataset: Dataset) throws -> [DatasetPair] {
        guard training.valSteps != nil else { return [] }
        return Array(
            try dataset.pairs(.validation, difficulty: self.dataset.valDifficulty.difficulty)
                .prefix(training.numValsTrain))
    }
}

extension TrainingState {
    /// How a run with such settings begins. Throws `DatasetError` and what finding a model throws.
    init(_ settings: TrainingSettings, dataset: Dataset, base: ModelFolder) throws {
        self.init(settings: settings.located(), filesHash: try dataset.filesHash(of: dataset.pairs(.train)))
        baseHash = base.contentHash()
        planHash = try dataset.plan?.hash()
    }

    /// What of this run's files differs from another's, a phrase each.
    func differencesOfFiles(from other: TrainingState) -> [String] {
        var differences: [String] = []
        let (base, otherBase) = (settings.model.baseModelPath, other.settings.model.baseModelPath)
        if let hash = baseHash, let otherHash = other.baseHash {
            if hash != otherHash {
                differences.append("the base model was \(otherBase) and is \(base), with other files")
            }
        } else if base != otherBase, realPath(base) == nil || realPath(base) != realPath(otherBase) {
            // Of a checkpoint without hashes the path is all there is.
            differences.append("base_model_path was \(otherBase) and is \(base)")
        }
        if filesHash != other.filesHash { differences.append("the training files have changed") }
        // Earlier versions kept a plan's path alone.
        let otherPlan =
            other.planHash
            ?? other.settings.dataset.plan.map { plan in
                (try? RepairPlan(contentsOf: plan).hash()) ?? plan
            }
        if planHash != otherPlan {
            let names = [other, self].map { $0.settings.dataset.plan ?? "not set" }
            differences.append("plan was \(names[0]) and is \(names[1]), which does something else")
        }
        return differences
    }
}

import Foundation
import Images
import SyntheticScenes
import TestSupport
import Testing
import Torch

@testable import TransparencyData
@testable import TransparencyTraining

@Suite struct DatasetUnionTests {
    /// Two data sets of the same folder name: 3 and 2 training pictures, the second with a validation picture.
    private func settings(in folder: String) async throws -> TrainingSettings {
        var settings = try await smallRun(in: folder)
        _ = try await SyntheticDataset(seed: 5, size: 64, counts: [.train: 3]).write(to: "\(folder)/a/set")
        _ = try await SyntheticDataset(seed: 6, size: 64, counts: [.train: 2, .validation: 1]).write(
            to: "\(folder)/b/set")
        settings.dataset.datasetPath = "\(folder)/a/set + \(folder)/b/set"
        return settings
    }

    @Test func picturesComeAsOftenAsTheirWeightsSay() async throws {
        try await withFolder { folder in
            var settings = try await settings(in: folder)
            let once = try settings.openDataset().pairs(.train)
            #expect(once.count == 5 && Set(once.map(\.picture)).count == 5)
            #expect(once.filter { $0.picture.hasPrefix("set/") }.count == 3)
            #expect(once.filter { $0.picture.hasPrefix("set-2/") }.count == 2)
            settings.dataset.datasetWeights = DatasetWeights([1, 4])
            let dataset = try settings.openDataset()
            let pairs = try dataset.pairs(.train)
            #expect(pairs.count == 3 + 4 * 2)
            // Validation is of those that have it, each once, and ids do not meet.
            #expect(try dataset.pairs(.validation).map(\.id).allSatisfy { $0.hasPrefix("set-2-") })
            #expect(try dataset.pairs(.validation).count == 1)
            try dataset.check(pairs)
            // Each is read from its own folder.
            let own = try Dataset("\(folder)/b/set")
            let pair = try #require(own.pairs(.train).first)
            let same = try #require(pairs.first { $0.picture == "set-2/\(pair.picture)" })
            #expect(try dataset.read(same).picture == own.read(pair).picture)
            #expect(dataset.file(same.mask) == "\(folder)/b/set/\(pair.mask)")
            // Weights are part of what a run that goes on must have.
            #expect(try dataset.filesHash(of: pairs) != dataset.filesHash(of: once))
            settings.dataset.datasetWeights = DatasetWeights([1])
            #expect(throws: TrainingError.self) { try settings.openDataset() }
        }
    }

    /// A sample is a function of seed, epoch and place.
    @ComputeActor @Test func aRunOnSeveralDataSetsIsTheSameAgain() async throws {
        try await withFolder { @ComputeActor (folder: String) async throws -> Void in
            var settings = try await settings(in: folder)
            settings.dataset.shuffle = true
            settings.training.maxTrainSteps = 3
            var runs: [[Double]] = []
            for weights in [[2, 1], [2, 1], [1, 1]] {
                settings.dataset.datasetWeights = DatasetWeights(weights)
                let trainer = try Trainer(settings, dataset: settings.openDataset())
                var losses: [Double] = []
                for _ in 0..<3 { losses.append(try await trainer.update().loss) }
                runs.append(losses)
            }
            #expect(runs[0] == runs[1] && runs[0] != runs[2])
        }
    }

    @ComputeActor @Test func aRunOnSeveralDataSetsGoesOn() async throws {
        try await withFolder { @ComputeActor (folder: String) async throws -> Void in
            var settings = try await settings(in: folder)
            settings.dataset.shuffle = true
            settings.dataset.datasetWeights = DatasetWeights([2, 1])
            settings.training.maxTrainSteps = 4
            let whole = try Trainer(settings, dataset: settings.openDataset())
            for _ in 0..<2 { _ = try await whole.update() }
            let store = FolderCheckpointStore("\(folder)/run")
            let saver = CheckpointSaver(store, ranks: Ranks(), keepCheckpoints: 1, beginningAt: 0)
            try saver.begin(whole)
            try saver.join(whole)
            let checkpoint = TrainingCheckpoint(store, step: 2)
            let resumed = try Trainer(settings, dataset: settings.openDataset(), checkpoint: checkpoint)
            for _ in 0..<2 {
                let (one, other) = (try await whole.update(), try await resumed.update())
                #expect(one.loss == other.loss && one.gradNorm == other.gradNorm)
            }
            // Other shares are another run.
            settings.dataset.datasetWeights = DatasetWeights([1, 1])
            #expect(throws: TrainingError.self) {
                try Trainer(settings, dataset: settings.openDataset(), checkpoint: checkpoint)
            }
        }
    }

    @Test func textsOfWeightsAreChecked() {
        #expect(DatasetWeights(settingText: "1, 4")?.counts == [1, 4])
        for text in ["", "0", "1,", "1,1001", "-1", "1.5", "x"] { #expect(DatasetWeights(settingText: text) == nil) }
        var choice = TrainingSettings.DatasetChoice()
        choice.datasetPath = "/none/a + /none/b"
        #expect(choice.paths == ["/none/a", "/none/b"])
        choice.datasetPath = "/none/a+b"
        #expect(choice.paths == ["/none/a+b"])
    }

    @Test func settingsOfEarlierVersionsAreRead() throws {
        let old = Data(#"{"dataset_path": "scenes"}"#.utf8)
        let settings = try JSONDecoder().decode(TrainingSettings.self, from: old)
        #expect(settings.dataset.paths == ["scenes"] && settings.dataset.datasetWeights == nil)
        // What a run on one data set keeps is what earlier versions kept.
        let written = try JSONEncoder().encode(settings)
        #expect(!String(decoding: written, as: UTF8.self).contains("dataset_weights"))
    }
}

import Foundation
import StableDiffusion3
import Torch
import TorchTraining

extension AutoencoderTrainer {
    /// What a checkpoint keeps beside weights and moments.
    private struct State: Codable {
        var formatVersion = 1
        let settings: Settings
        let step: Int
        let filesHash: String

        enum CodingKeys: String, CodingKey {
            case settings, step
            case formatVersion = "format_version"
            case filesHash = "files_hash"
        }
    }

    private static let stateName = "trainer_state.json"

    private static let (weightsName, optimizerName) = ("weights", "optimizer")

    package func checkpoint() throws -> CheckpointContents? {
        var contents = CheckpointContents()
        contents.groups[Self.weightsName] = .init(autoencoder.trained.pieces(of: .master))
        contents.groups[Self.optimizerName] = .init(try optimizer.pieces())
        contents.documents[Self.stateName] = try prettyJSON(
            State(settings: settings, step: step, filesHash: filesHash))
        return contents
    }

    /// Goes on from a checkpoint of a run with the same settings and files.
    ///
    /// - Throws: ``TrainingError``; what the store throws.
    package func load(_ store: any CheckpointStore, step: Int) throws {
        let path = store.name(of: step)
        let names = try store.verify(step, ranks: Ranks())
        guard let state = try? JSONDecoder().decode(State.self, from: store.document(Self.stateName, of: step)) else {
            throw TrainingError.damagedCheckpoint(path, reason: "\(Self.stateName) is not of train-vae")
        }
        var differences = settings.differences(from: state.settings)
        if filesHash != state.filesHash { differences.append("the training files have changed") }
        guard differences.isEmpty else {
            throw TrainingError.settings([
                "\(path) is of another run: \(differences.joined(separator: "; ")); give the same settings, or begin anew in another --output-dir"
            ])
        }
        for name in [Self.weightsName, Self.optimizerName] where !names.contains(name) {
            throw TrainingError.damagedCheckpoint(path, reason: "its manifest does not name \(name)")
        }
        do {
            try autoencoder.trained.load(
                [.master: ""], of: store.tensors(Self.weightsName, of: step), releasePages: store.releasePages)
            try optimizer.load(store.tensors(Self.optimizerName, of: step), releasePages: store.releasePages)
        } catch let error as CheckpointableError {
            throw TrainingError.damagedCheckpoint(path, reason: "\(error)")
        }
        seek(to: state.step)
    }
}

extension AutoencoderTrainer.Settings {
    /// What another run had otherwise, a phrase each.
    fileprivate func differences(from other: Self) -> [String] {
        zip(Mirror(reflecting: self).children, Mirror(reflecting: other).children).compactMap { own, theirs in
            let (now, then) = ("\(own.value)", "\(theirs.value)")
            return now == then ? nil : "\(own.label ?? "") was \(then) and is \(now)"
        }
    }
}

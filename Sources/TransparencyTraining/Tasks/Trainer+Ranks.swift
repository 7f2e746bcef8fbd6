import Foundation
import Torch
import TorchTraining
import TransparencySegmentation

/// What the processes of a run do together in an update.
extension Trainer {
    /// The next batch of this process, when every process has one, and what could not be read for any of them, by the pictures' paths.
    ///
    /// Throws on all of them what reading throws on one; ``TrainingError/unreadablePictures(_:)`` when they are too many.
    func nextBatch() async throws -> (TrainingBatch, unreadable: [String: String]) {
        let result: Result<TrainingBatch, any Error>
        do { result = .success(try await loader.next()) } catch { result = .failure(error) }
        let own = (try? result.get().unreadable) ?? [:]
        var hasFailed = false
        if case .failure = result { hasFailed = true }
        let states = try ranks.gather([hasFailed ? 1.0 : 0, Double(own.count)])
        if states.contains(where: { $0[0] > 0 }) { _ = try ranks.agree(result) }
        var faults = own
        if states.contains(where: { $0[1] > 0 }) {
            for part in try ranks.gather(prettyJSON(own)) {
                faults.merge(try JSONDecoder().decode([String: String].self, from: Data(part))) { $1 }
            }
            unreadable.merge(faults) { $1 }
            guard unreadable.count <= Self.unreadableLimit(pictureCount: pictureCount) else {
                try ranks.fail(
                    TrainingError.unreadablePictures(unreadable.sorted { $0.key < $1.key }.map(\.value)))
            }
        }
        return (try result.get(), faults)
    }

    /// What an update comes to on all processes: the mean loss and, of several, its terms, the longest wait for pictures in seconds, the most
    /// memory.
    func totals(
        loss: Double, terms: [LossTerm: Double], wait: Duration, memory: Int
    ) throws -> (loss: Double, terms: [String: Double]?, wait: Double, memory: Int) {
        let names = LossTerm.allCases.filter { terms[$0] != nil }
        let each = try ranks.gather([loss, wait.seconds, Double(memory)] + names.map { terms[$0] ?? 0 })
        func mean(_ index: Int) -> Double { each.map { $0[index] }.reduce(0, +) / Double(ranks.size) }
        let means = names.enumerated().map { ($1.rawValue, mean(3 + $0)) }
        return (
            mean(0), state.settings.lossWeights.terms.count > 1 ? Dictionary(uniqueKeysWithValues: means) : nil,
            each.map { $0[1] }.max() ?? 0, Int(each.map { $0[2] }.max() ?? 0)
        )
    }
}

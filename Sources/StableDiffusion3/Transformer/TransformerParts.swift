import Torch
import TorchNN
import TorchTraining

/// The parts of a transformer that is trained, as a walk comes to them: their weights are made present and let go again, and what a backward
/// pass leaves goes to the state of training as soon as the part is done.
///
/// In float32 gradients arrive where they are kept. In half precision all parts share one scratch as large as the largest where blocks run
/// again for their gradients, for then one part at a time has some; a walk that records everything needs every part's at once.
final class TransformerParts {
    let blockCount: Int
    /// Those that are trained, from first to last.
    let trained: [TransformerPart]
    private let dtype: DType
    private let device: Device
    private let states: [TrainedPart?]
    /// What of each part is not trained, by whole keys.
    private let frozen: [[String: Tensor]]
    /// Whether the walk goes from last to first, so that the part before is the next one.
    var isGoingBack = false
    /// Whether the pass at hand is the last one before the gradients are used.
    var isLastPass = true

    /// - Parameters:
    ///   - frozen: What is not trained, by diffusers' keys.
    ///   - trained: The parts of the state.
    init(
        blockCount: Int, frozen: [String: Tensor], trained: [(part: TransformerPart, state: TrainedPart)], dtype: DType,
        device: Device
    ) {
        (self.blockCount, self.dtype, self.device) = (blockCount, dtype, device)
        let all = TransformerPart.all(blockCount: blockCount)
        self.trained = trained.map(\.part)
        states = all.map { part in trained.first { $0.part == part }?.state }
        let members = Dictionary(grouping: frozen, by: { Self.index(of: TransformerPart(key: $0.key), blockCount) })
        self.frozen = all.indices.map {
            Dictionary(uniqueKeysWithValues: (members[$0] ?? []).map { ($0.key, $0.value) })
        }
    }

    private static func index(of part: TransformerPart, _ blockCount: Int) -> Int {
        switch part {
        case .embedding: 0
        case .block(let index): index + 1
        case .output: blockCount + 1
        }
    }

    private func state(of part: TransformerPart) -> TrainedPart? { states[Self.index(of: part, blockCount)] }

    func trains(_ part: TransformerPart) -> Bool { state(of: part) != nil }

    /// Makes a part's weights present.
    func acquire(_ part: TransformerPart) throws -> Weights {
        let index = Self.index(of: part, blockCount)
        var weights = frozen[index]
        if let state = state(of: part) {
            for (name, leaf) in try state.weights.acquire() { weights[state.layout.prefix + name] = leaf }
        }
        let next = isGoingBack ? index - 1 : index + 1
        if states.indices.contains(next) { try states[next]?.weights.expect() }
        return Weights(weights, dtype: dtype, device: device)
    }

    func release(_ part: TransformerPart) { state(of: part)?.weights.release() }

    /// Does something with a part's weights.
    func with<R>(_ part: TransformerPart, _ body: (Weights) throws -> R) throws -> R {
        let weights = try acquire(part)
        defer { release(part) }
        return try body(weights)
    }

    /// Makes room for a part's gradients; its backward pass comes next.
    func beginGradient(_ part: TransformerPart) throws { try state(of: part)?.beginGradient() }

    /// Hands on what a part's backward pass has left.
    func endGradient(_ part: TransformerPart) throws { try state(of: part)?.endGradient(isLast: isLastPass) }
}

/// The blocks of a transformer that is trained.
struct TrainedBlocks: BlockProvider {
    let parts: TransformerParts
    let make: (Weights, Int) throws -> any TransformerBlock

    var count: Int { parts.blockCount }

    func acquire(_ index: Int) throws -> any TransformerBlock {
        let weights = try parts.acquire(.block(index))
        do {
            return try make(weights["transformer_blocks"][index], index)
        } catch {
            release(index)
            throw error
        }
    }

    func release(_ index: Int) { parts.release(.block(index)) }
}

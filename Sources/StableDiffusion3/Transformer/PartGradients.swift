import Torch
import TorchTraining

/// Where the gradients of a transformer's parts go: each part's are handed on to its buffer as soon as its backward pass ends.
///
/// In float32 they arrive in the buffers themselves. In half precision all parts share one scratch as large as the largest where a walk gradientCheckpointing,
/// for then one part at a time has working gradients; a walk that records everything needs every part's at once.
final class PartGradients {
    enum Part {
        case embedding
        case block(Int)
        case output
    }

    /// Those that are trained, from first to last.
    let parts: [Part]
    private let embedding: ParameterBuffer?
    private let blocks: [ParameterBuffer?]
    private let output: ParameterBuffer?
    let scratch: Tensor?

    /// - Parameter buffers: Those of the embedding, each block and the output, in this order; nil for a part that is not trained.
    init(_ buffers: [ParameterBuffer?], gradientCheckpointing: Bool) throws {
        guard buffers.count >= 2 else { preconditionFailure("a transformer has an embedding and an output") }
        (embedding, blocks, output) = (buffers[0], Array(buffers[1..<(buffers.count - 1)]), buffers[buffers.count - 1])
        let all = [Part.embedding] + blocks.indices.map { .block($0) } + [.output]
        parts = zip(all, buffers).filter { $0.1 != nil }.map(\.0)
        let largest = buffers.compactMap(\.self).max { $0.count < $1.count }
        scratch = gradientCheckpointing ? try largest?.makeGradientScratch() : nil
    }

    func trains(_ part: Part) -> Bool { buffer(part) != nil }

    /// Makes room for a part's gradients; its backward pass comes next.
    func begin(_ part: Part) throws { try buffer(part)?.beginGradient(in: scratch) }

    /// Adds what a part's backward pass has left to its buffer.
    func handOn(_ part: Part) throws { try buffer(part)?.accumulate() }

    private func buffer(_ part: Part) -> ParameterBuffer? {
        switch part {
        case .embedding: embedding
        case .block(let index): blocks[index]
        case .output: output
        }
    }
}

import Foundation
import Torch

/// The positional embedding that follows from a configuration (diffusers 0.35.2 `get_2d_sincos_pos_embed`), for a state dict without it.
enum PositionTable {
    static let key = "pos_embed.pos_embed"

    /// `[1, side², D]`: sines, then cosines, of a position's column in the first half and of its row in the second.
    static func make(_ configuration: SD3TransformerConfiguration) throws -> Tensor {
        let (side, width) = (configuration.posEmbedMaxSize, configuration.innerDim)
        let scale = Double(side) / Double(configuration.sampleSize / configuration.patchSize)
        let quarter = width / 4
        let frequencies = (0..<quarter).map { pow(10_000, -Double($0) / Double(quarter)) }
        func embedding(_ index: Int) -> [Float] {
            // Places are of single precision there, and what follows of double.
            let place = Double(Float(index) / Float(scale))
            return frequencies.map { Float(sin(place * $0)) } + frequencies.map { Float(cos(place * $0)) }
        }
        let embeddings = (0..<side).map(embedding)
        let table = (0..<side).flatMap { row in (0..<side).flatMap { embeddings[$0] + embeddings[row] } }
        return try Tensor(table, shape: [1, side * side, width])
    }
}

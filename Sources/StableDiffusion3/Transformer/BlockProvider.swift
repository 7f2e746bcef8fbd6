import Torch

/// A block of a transformer, of either form.
protocol TransformerBlock {
    /// New picture tokens and, but for the last block, new prompt tokens.
    func callAsFunction(_ tokens: TransformerTokens) throws -> (x: Tensor, context: Tensor?)
}

/// What goes from block to block.
struct TransformerTokens {
    /// Picture tokens `[N, T, D]`.
    var x: Tensor
    /// Prompt tokens `[N, S, D]`.
    var context: Tensor
    /// The conditioning vector `[1, D]`; none where it is folded into the weights.
    var temb: Tensor?
    /// What is added to the scores of each key, `[1, 1, 1, T + S]`; nil for nothing.
    var keyBias: Tensor?
}

/// Where the blocks of a walk are when it does not use them: in memory, in a file that is read anew, elsewhere.
///
/// A walk has one block at a time, from first to last and, for gradients with recomputation, from last to first again. What it acquires it
/// releases, also when the pass fails.
protocol BlockProvider {
    var count: Int { get }
    /// Makes a block's parameters present and gives the block made of them.
    func acquire(_ index: Int) throws -> any TransformerBlock
    /// The block is not needed any more; nobody holds it.
    func release(_ index: Int)
}

/// Blocks that stay in memory.
struct ResidentBlocks: BlockProvider {
    let blocks: [any TransformerBlock]
    /// Lets go of the mapped memory that a block's weights take, until the next pass reads them again.
    var releasePages: (Int) -> Void = { _ in }

    var count: Int { blocks.count }
    func acquire(_ index: Int) -> any TransformerBlock { blocks[index] }
    func release(_ index: Int) { releasePages(index) }
}

/// Blocks that are made of a file's weights in each pass.
struct StreamedBlocks: BlockProvider {
    let count: Int
    let make: (Int) throws -> FoldedJointBlock
    let releasePages: (Int) -> Void

    func acquire(_ index: Int) throws -> any TransformerBlock { try make(index) }
    func release(_ index: Int) { releasePages(index) }
}

extension JointTransformerBlock: TransformerBlock {
    func callAsFunction(_ tokens: TransformerTokens) throws -> (x: Tensor, context: Tensor?) {
        guard let temb = tokens.temb else { preconditionFailure("the plain form has a conditioning vector") }
        let (x, context) = try self(tokens.x, context: tokens.context, temb: temb)
        return (x, context)
    }
}

extension FoldedJointBlock: TransformerBlock {
    func callAsFunction(_ tokens: TransformerTokens) throws -> (x: Tensor, context: Tensor?) {
        let (x, context) = try self(tokens.x, context: tokens.context, keyBias: tokens.keyBias)
        return (x, context)
    }
}

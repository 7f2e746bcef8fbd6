import ArgumentParser
import StableDiffusion3

/// `transeg init`: a model to train from nothing.
struct InitCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "init",
        abstract: "Makes a small model with fresh weights around a VAE, to be trained from nothing.",
        discussion: "  transeg init model --vae vae --resolution 128 --layers 6 --heads 6")

    @Argument(
        help: ArgumentHelp("The model folder to make, which must not exist yet.", valueName: "out"),
        completion: .directory)
    var out: String

    @Option(help: ArgumentHelp("The VAE's folder, as train-vae makes it.", valueName: "folder"), completion: .directory)
    var vae: String

    @Option(help: ArgumentHelp("The side in pixels of the pictures that the model is made for.", valueName: "pixels"))
    var resolution = 128

    @Option(help: ArgumentHelp("Transformer blocks: more learn more and take more time.", valueName: "count"))
    var layers = 6

    @Option(help: ArgumentHelp("Attention heads of a block.", valueName: "count"))
    var heads = 6

    @Option(help: ArgumentHelp("Channels of a head; a token has those of all heads.", valueName: "count"))
    var headDim = 32

    @Option(
        help: ArgumentHelp(
            "Side of the square of latent positions that becomes one token: 1 is finer and takes longer.",
            valueName: "count"))
    var patchSize = 2

    @Option(
        help: ArgumentHelp(
            "Blocks, from the first on, that have a second attention over the picture.", valueName: "count"))
    var dualLayers = 2

    @Option(help: "What makes the mask: the VAE's decoder (latent), or a readout, which the model then gets too.")
    var head = MaskHead.latent

    @Option(help: ArgumentHelp("Another seed gives other weights.", valueName: "number"))
    var seed: UInt32 = 0

    func run() throws {
        var shape = ModelFolder.TransformerShape()
        (shape.layers, shape.heads, shape.headDim) = (layers, heads, headDim)
        (shape.patchSize, shape.dualLayers) = (patchSize, dualLayers)
        try ModelFolder.create(
            at: out, autoencoder: vae, side: resolution, shape: shape, head: head, seed: seed)
        try print(out)
    }
}

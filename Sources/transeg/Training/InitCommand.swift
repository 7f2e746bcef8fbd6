import ArgumentParser
import StableDiffusion3

/// `transeg init`: a model to train from nothing.
struct InitCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "init",
        abstract: "Makes a small model with fresh weights around a VAE, to be trained from nothing.",
        discussion: "  transeg init model --vae vae --resolution 128 --layers 6 --heads 6")

    @Argument(help: ArgumentHelp("The model folder to make, which must not exist yet.", valueName: "out"))
    var out: String

    @Option(help: ArgumentHelp("The VAE's folder, as train-vae makes it.", valueName: "folder"))
    var vae: String

    @Option(help: "The side of the pictures that the model is made for.")
    var resolution = 128

    @Option(help: "Blocks.")
    var layers = 6

    @Option(help: "Attention heads.")
    var heads = 6

    @Option(help: "Width of a head; the tokens' width is that of all heads.")
    var headDim = 32

    @Option(help: "Side of the square of latent positions that becomes one token.")
    var patchSize = 2

    @Option(help: "Blocks from the first on that have a second attention.")
    var dualLayers = 2

    @Option(help: "Another seed gives other weights.")
    var seed: UInt32 = 0

    func run() throws {
        var shape = ModelFolder.TransformerShape()
        (shape.layers, shape.heads, shape.headDim) = (layers, heads, headDim)
        (shape.patchSize, shape.dualLayers) = (patchSize, dualLayers)
        try ModelFolder.create(at: out, autoencoder: vae, side: resolution, shape: shape, seed: seed)
        print(out)
    }
}

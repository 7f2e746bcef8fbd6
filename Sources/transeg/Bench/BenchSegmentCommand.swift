import ArgumentParser
import Foundation
import Images
import Limits
import StableDiffusion3
import Torch
import TransparencyEvaluation
import TransparencySegmentation

/// `transeg bench segment`: passes over random pictures.
struct BenchSegmentCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "segment", abstract: "Times the pass from a picture to its mask, step by step.")

    @OptionGroup var options: BenchOptions
    @OptionGroup var precisionOptions: PrecisionOptions

    @Option(
        help: ArgumentHelp(
            "As in segment: a small decoder in place of the VAE's.", valueName: "folder|id"), completion: .directory)
    var decoder: String?

    @Flag(help: "Do every operation as diffusers does it. Slower; for comparing numbers with diffusers.")
    var plain = false

    func run() async throws {
        try await options.threads.apply()
        let report = try await withTemporaryFolder { folder in
            try await measure(
                options.model ?? options.shape.makeModel(in: folder, side: options.size, head: options.head))
        }
        if options.json {
            try StandardStream.output.write(report.0.json())
        } else {
            try print(report.0.text)
            if let profile = report.1 { try print("\n" + BenchReport.text(profile)) }
        }
    }

    private func measure(_ model: String) async throws -> (BenchReport, OperationProfile?) {
        let segmenter = try await Segmenter(
            model: model, device: options.device.device, dtype: options.dtype.dtype, form: plain ? .plain : .folded,
            precision: precisionOptions.precision, head: options.head, decoder: decoder,
            memoryLimit: precisionOptions.memoryLimit?.bytes)
        var random = SystemRandomNumberGenerator()
        let side = options.size
        let pictures = try (0..<options.batch).map { _ in
            try Image(
                width: side, height: side, channels: 3,
                pixels: (0..<3 * side * side).map { _ in UInt8.random(in: 0...255, using: &random) })
        }
        func pass() async throws -> Timings {
            let masks = try await segmenter.segment(pictures, size: .square(side))
            return masks.map(\.timings).reduce(Timings()) { sum, each in
                Timings(
                    encode: sum.encode + each.encode, transformer: sum.transformer + each.transformer,
                    decode: sum.decode + each.decode)
            }
        }
        _ = try await pass()
        var passes: [Timings] = []
        for _ in 0..<options.runs { passes.append(try await pass()) }
        let peak = try segmenter.device.peakMemory()
        // Only the VAE's operations are counted.
        let decodes = segmenter.head == .latent && decoder == nil
        let flops = try ModelFLOPs(
            segmenter.model.transformerConfiguration(), segmenter.model.autoencoderConfiguration(), height: side,
            width: side, promptTokens: segmenter.model.promptTokenCount())
        let count = Double(options.batch)
        var profile: OperationProfile?
        if options.profile {
            let made = OperationProfile(device: segmenter.device)
            try await OperationProfile.$current.withValue(made) {
                made.restart()
                _ = try await pass()
            }
            profile = made
        }
        let report = BenchReport(
            steps: [
                .init(name: "encode", seconds: passes.map(\.encode), flops: count * flops.encode),
                .init(name: "transformer", seconds: passes.map(\.transformer), flops: count * flops.transformer),
                .init(name: "decode", seconds: passes.map(\.decode), flops: decodes ? count * flops.decode : nil),
                .init(
                    name: "total", seconds: passes.map(\.total),
                    flops: count * (decodes ? flops.total : flops.total - flops.decode)),
            ], loadSeconds: segmenter.loadSeconds, peakBytes: peak,
            machinePeak: try BenchReport.machinePeak(dtype: options.dtype.dtype, device: segmenter.device))
        return (report, profile)
    }
}

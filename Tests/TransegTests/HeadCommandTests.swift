import Foundation
import Images
import TestSupport
import Testing
import Torch

/// A readout from its training to its masks, as users meet it.
@Suite struct HeadCommandTests {
    private func run(_ arguments: String, in folder: String) throws -> ProgramResult {
        try Program.run(arguments.split(separator: " ").map(String.init), in: folder)
    }

    private static let training = """
        train -q --base-model-path \(tinyModel) --dataset-path scenes --resolution 32 --train-batch-size 2 \
        --gradient-accumulation-steps 1 --max-train-steps 2 --lr 1e-3 --scale-lr false --lr-warmup-steps 0 --data-type fp32
        """

    @Test func aReadoutIsTrainedAndUsed() throws {
        try withTemporaryFolder { folder in
            let drawn = try run("synthesize scenes --train 4 --validation 2 --size 64 --seed 4 -q", in: folder)
            #expect(drawn.exitCode == 0, "\(drawn.errors)")
            let trained = try run(
                Self.training + " --output-dir run --head readout --target color --losses cross_entropy,boundary=0.2"
                    + " --tracker csv --val-steps 2 --num-vals-train 1", in: folder)
            #expect(trained.exitCode == 0, "\(trained.errors)")
            #expect(try names(in: "\(folder)/run/model").contains("mask_head"))
            let log = try String(contentsOfFile: "\(folder)/run/log.jsonl", encoding: .utf8)
            #expect(log.contains(#""losses":{"boundary":"#))
            let table = try String(contentsOfFile: "\(folder)/run/updates.csv", encoding: .utf8)
            #expect(table.split(whereSeparator: \.isNewline).first?.hasSuffix("loss_boundary") == true)

            try drawnPicture(width: 40, height: 30).write(to: "\(folder)/picture.png")
            let classes = try run("segment picture.png --model run/model --output out --write classes,soft", in: folder)
            #expect(classes.exitCode == 0, "\(classes.errors)")
            let image = try ImageReader().read(contentsOf: "\(folder)/out/picture_classes.png")
            #expect((image.width, image.height) == (40, 30))

            let scored = try run(
                "evaluate --dataset scenes --split validation --model run/model --size 32 --output scores -q",
                in: folder)
            #expect(scored.exitCode == 0, "\(scored.errors)")
            let metrics = try String(contentsOfFile: "\(folder)/scores/metrics.json", encoding: .utf8)
            #expect(metrics.contains("iou_things") || metrics.contains("iou_stuff"))

            let dumped = try run(
                "segment picture.png --model run/model --output dumped --dump tensors.safetensors", in: folder)
            #expect(dumped.exitCode == 0, "\(dumped.errors)")
            let tensors = try readTensors("\(folder)/tensors.safetensors")
            #expect(tensors["logits"]?.shape == [1, 3, 64, 64] && tensors["decoded"] == nil)
        }
    }

    @Test func aHeadIsChosenAndLeftOut() throws {
        try withTemporaryFolder { folder in
            let made = try run(
                "init model --vae \(tinyModel)/vae --resolution 32 --layers 1 --heads 2 --head-dim 8 --head readout",
                in: folder)
            #expect(made.exitCode == 0, "\(made.errors)")
            try drawnPicture(width: 32, height: 32).write(to: "\(folder)/picture.png")
            func mask(_ options: String) throws -> Data {
                let result = try run("segment picture.png --write soft \(options) --output out", in: folder)
                #expect(result.exitCode == 0, "\(result.errors)")
                return try Data(contentsOf: URL(fileURLWithPath: "\(folder)/out/picture_soft.png"))
            }
            let exported = try run("export model latent --head latent", in: folder)
            #expect(exported.exitCode == 0, "\(exported.errors)")
            #expect(try !names(in: "\(folder)/latent").contains("mask_head"))
            let readout = try mask("--model model")
            #expect(try mask("--model model --head readout") == readout)
            #expect(try mask("--model model --head latent") != readout)
            #expect(try mask("--model latent") == mask("--model model --head latent"))
            let refused = try run("segment picture.png --model latent --head readout --output other", in: folder)
            #expect(refused.exitCode == 1 && refused.errors.contains("mask_head/"), "\(refused.errors)")
            // Where no decoder is needed its weights are not looked at.
            try editTensors("\(folder)/model/vae/diffusion_pytorch_model.safetensors") { tensors in
                for key in tensors.keys where key.hasPrefix("decoder.") { tensors[key] = nil }
            }
            #expect(try mask("--model model") == readout)
        }
    }

    @Test func whatCannotGoTogetherIsTold() throws {
        try withTemporaryFolder { folder in
            for (options, expected) in [
                ("--head readout --losses latent_mse", "a readout predicts no latent"),
                ("--losses dice=0", "with commas between"), ("--trainable head", "local_continuity true"),
                ("--head other", "latent, readout"), ("--timestep 1001", "a number from 0 to 1000"),
            ] {
                let result = try run(Self.training + " --output-dir run " + options, in: folder)
                #expect(result.exitCode != 0 && result.errors.contains(expected), "\(options): \(result.errors)")
            }
        }
    }
}

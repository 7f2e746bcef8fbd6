import Foundation
import Images
import TestSupport
import Testing

#if canImport(FoundationXML)
import FoundationXML
#endif

/// `train` as its users run it.
@Suite struct TrainCommandTests {
    private func synthesize(in folder: String) throws {
        let result = try Program.run(
            ["synthesize", "scenes", "--train", "7", "--validation", "3", "--size", "64", "--seed", "4", "-q"],
            in: folder)
        #expect(result.exitCode == 0, "\(result.errors)")
    }

    /// A run of `steps` updates of 2 x 2 pictures, with everything that is random.
    private func arguments(_ output: String, steps: Int = 12) -> [String] {
        [
            "train", "-q", "--base-model-path", tinyModel, "--dataset-path", "scenes", "--output-dir", output,
            "--data-type",
            "fp32", "--resolution", "32", "--train-batch-size", "2", "--max-train-steps", "\(steps)", "--lr", "1e-3",
            "--scale-lr", "false", "--lr-warmup-steps", "2", "--seed", "3", "--save-checkpoint-steps", "3",
        ]
    }

    /// The log without what differs from run to run.
    private func log(_ path: String) throws -> [[String: String]] {
        try String(contentsOfFile: "\(path)/log.jsonl", encoding: .utf8).split(separator: "\n").map { line in
            let object = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any] ?? [:]
            return object.filter { !["seconds", "data_wait", "memory"].contains($0.key) }.mapValues { "\($0)" }
        }
    }

    /// Lines so far.
    private func logLength(_ path: String) -> Int {
        (FileManager.default.contents(atPath: "\(path)/log.jsonl") ?? Data()).count { $0 == UInt8(ascii: "\n") }
    }

    private let weights = "transformer/diffusion_pytorch_model.safetensors"

    @Test func aRunLeavesAModel() throws {
        try withTemporaryFolder { folder in
            try synthesize(in: folder)
            let result = try Program.run(
                arguments("run", steps: 6).filter { $0 != "-q" } + [
                    "--val-steps", "2", "--num-vals-train", "2", "--keep-checkpoints", "1",
                ],
                in: folder)
            #expect(result.exitCode == 0, "\(result.errors)")
            #expect(result.output.contains("6 updates done, model in run/model"))
            let log = try log("\(folder)/run")
            #expect(log.count { $0["loss"] != nil } == 6 && log.count { $0["val_iou"] != nil } == 3)
            #expect(log[0]["lr"] == "0" && log[0]["step"] == "1")
            let curves = try String(contentsOfFile: "\(folder)/run/curves.svg", encoding: .utf8)
            for title in [
                "Loss (logarithmic)", "Learning rate", "Gradient norm before clipping (logarithmic)", "Validation IoU",
            ] {
                #expect(curves.contains(">\(title)<"))
            }
            #expect(!curves.contains("nan") && !curves.contains("inf"))
            // The newest and, if that is another, the best.
            let kept = try names(in: "\(folder)/run").filter { $0.hasPrefix("checkpoint-") }
            #expect(kept.contains("checkpoint-6") && kept.count <= 2)
            #expect(
                FileManager.default.contentsEqual(
                    atPath: "\(folder)/run/model/\(weights)", andPath: "\(folder)/run/checkpoint-6/\(weights)"))
            let used = try Program.run(
                ["evaluate", "-q", "--dataset", "scenes", "--split", "validation", "--model", "run/model"], in: folder)
            #expect(used.exitCode == 0, "\(used.errors)")

            let again = try Program.run(arguments("run", steps: 6), in: folder)
            #expect(again.exitCode == 1 && again.errors.contains("run has a run in it"))
        }
    }

    @Test func aRunThatIsKilledAndGoesOnIsTheRun() throws {
        try withTemporaryFolder { folder in
            try synthesize(in: folder)
            let whole = try Program.run(arguments("whole"), in: folder)
            #expect(whole.exitCode == 0, "\(whole.errors)")
            var random = SystemRandomNumberGenerator()
            var kills = 0
            for attempt in 0..<40 {
                let process = Program.makeProcess(
                    arguments("cut") + (attempt == 0 ? [] : ["--resume-from-checkpoint", "latest"]), in: folder)
                (process.standardError, process.standardOutput) = (FileHandle.nullDevice, FileHandle.nullDevice)
                try process.run()
                if kills < 8 {
                    // By progress, not by the clock: how long a run takes depends on the machine and on what else it does.
                    let updates = Int.random(in: 0...(attempt == 0 ? 2 : 11), using: &random)
                    while process.isRunning, logLength("\(folder)/cut") < updates { usleep(2000) }
                    usleep(UInt32.random(in: 0...30_000, using: &random))
                    if process.isRunning { kills += 1 }
                    kill(process.processIdentifier, SIGKILL)
                }
                process.waitUntilExit()
                if process.terminationReason == .exit, process.terminationStatus == 0 { break }
            }
            #expect(kills > 0)
            for name in ["checkpoint-12/\(weights)", "checkpoint-12/optimizer.safetensors", "model/\(weights)"] {
                #expect(
                    FileManager.default.contentsEqual(
                        atPath: "\(folder)/cut/\(name)", andPath: "\(folder)/whole/\(name)"),
                    "\(name)")
            }
            #expect(try log("\(folder)/cut") == log("\(folder)/whole"))
            let everything = try FileManager.default.contentsOfDirectory(atPath: "\(folder)/cut")
            #expect(!everything.contains { $0.contains("partial") || $0.contains("trash") }, "\(everything)")
        }
    }

    @Test(arguments: [
        ["--trainable", "folded"], ["--trainable", "lora", "--lora-rank", "4", "--ema-decay", "0.9"],
        ["--target", "color", "--prediction-type", "residual", "--ema-decay", "0.9"],
        ["--data-type", "fp16", "--output-form", "negated", "--recompute", "false"],
    ])
    func everyFormGoesOnAndIsExported(options: [String]) throws {
        try withTemporaryFolder { folder in
            try synthesize(in: folder)
            func run(_ arguments: [String]) throws -> ProgramResult {
                let result = try Program.run(arguments, in: folder)
                #expect(result.exitCode == 0, "\(arguments): \(result.errors)")
                return result
            }
            _ = try run(arguments("whole", steps: 6) + options)
            _ = try run(arguments("cut", steps: 6) + options)
            for name in ["cut/checkpoint-6", "cut/model"] {
                try FileManager.default.removeItem(atPath: "\(folder)/\(name)")
            }
            _ = try run(arguments("cut", steps: 6) + options + ["--resume-from-checkpoint", "latest"])
            let files = try names(in: "\(folder)/whole/checkpoint-6").filter { $0.hasSuffix(".safetensors") }
            for name in files.map({ "checkpoint-6/\($0)" }) + ["model/\(weights)"] {
                #expect(
                    FileManager.default.contentsEqual(
                        atPath: "\(folder)/cut/\(name)", andPath: "\(folder)/whole/\(name)"), "\(name)")
            }
            // The published form, the folded form and what the run left predict the same.
            _ = try run(["export", "whole/checkpoint-6", "published"])
            _ = try run(["export", "whole/checkpoint-6", "folded", "--folded"])
            _ = try run(["export", "folded", "again"])
            var pictures: [Data] = []
            for model in ["whole/model", "published", "folded", "again"] {
                let classes = options.contains("color") ? ["--write", "soft,classes"] : ["--write", "soft"]
                _ = try run(
                    ["segment", "-q", "scenes/validation/easy/images", "--model", model, "--output", "out-\(model)"]
                        + classes)
                let names = try names(in: "\(folder)/out-\(model)").sorted()
                #expect(names.contains { $0.hasSuffix("_classes.png") } == options.contains("color"))
                let first = try #require(names.first { $0.hasSuffix("_soft.png") })
                pictures.append(
                    Data(try ImageReader().readValues(contentsOf: "\(folder)/out-\(model)/\(first)").pixels))
            }
            for other in pictures.dropFirst() {
                #expect(zip(pictures[0], other).allSatisfy { abs(Int($0) - Int($1)) <= 1 })
            }
            let scored = try run(["evaluate", "--dataset", "scenes", "--split", "validation", "--model", "published"])
            #expect(scored.output.contains(" miou ") == options.contains("color"), "\(scored.output)")
        }
    }

    @Test func latentsAreKeptAndNeverStale() throws {
        try withTemporaryFolder { folder in
            try synthesize(in: folder)
            let options = ["--augment", "false", "--latent-cache", "latents"]
            func losses(_ output: String, _ options: [String]) throws -> [Double] {
                let result = try Program.run(arguments(output, steps: 6) + options, in: folder)
                #expect(result.exitCode == 0, "\(result.errors)")
                return try log("\(folder)/\(output)").compactMap { $0["loss"].flatMap { Double($0) } }
            }
            func kept() throws -> Int {
                try FileManager.default.subpathsOfDirectory(atPath: "\(folder)/latents").count {
                    $0.hasSuffix(".safetensors")
                }
            }
            let plain = try losses("plain", ["--augment", "false"])
            let first = try losses("first", options)
            #expect(try kept() == 14)
            for (one, other) in zip(plain, first) { #expect(abs(one - other) <= 1e-4 * one) }
            #expect(try losses("second", options) == first)
            #expect(try kept() == 14)
            // Another mask under the same name, of the same size.
            let masks = "\(folder)/scenes/train/masks"
            let (one, other) = ("\(masks)/1_mask.png", "\(masks)/2_mask.png")
            try FileManager.default.removeItem(atPath: one)
            try FileManager.default.copyItem(atPath: other, toPath: one)
            #expect(try losses("third", options) != first)
            #expect(try kept() == 16)
            // Augmented pictures are never kept, masks by their flip.
            _ = try losses("fourth", ["--latent-cache", "augmented"])
            let augmented = try FileManager.default.subpathsOfDirectory(atPath: "\(folder)/augmented").count {
                $0.hasSuffix(".safetensors")
            }
            #expect((7...14).contains(augmented))
        }
    }

    @Test func checkpointsAreChecked() throws {
        try withTemporaryFolder { folder in
            try synthesize(in: folder)
            #expect(try Program.run(arguments("run", steps: 6), in: folder).exitCode == 0)
            let optimizer = "\(folder)/run/checkpoint-6/optimizer.safetensors"
            let handle = try #require(FileHandle(forUpdatingAtPath: optimizer))
            try handle.seek(toOffset: 4000)
            try handle.write(contentsOf: Data([1, 2, 3]))
            try handle.close()
            func resume(_ name: String, _ more: [String] = []) throws -> ProgramResult {
                try Program.run(arguments("run", steps: 6) + ["--resume-from-checkpoint", name] + more, in: folder)
            }
            let named = try resume("checkpoint-6")
            #expect(
                named.exitCode == 1 && named.errors.contains("optimizer.safetensors has changed since it was written"))
            let missing = try resume("checkpoint-5")
            #expect(missing.exitCode == 1 && missing.errors.contains("there is no checkpoint run/checkpoint-5"))
            let changed = try resume("checkpoint-3", ["--trainable", "lora", "--allow-changes"])
            #expect(changed.exitCode == 1 && changed.errors.contains("cannot change in a run"), "\(changed.errors)")
            let other = try resume("checkpoint-3", ["--adam-beta1", "0.8"])
            #expect(other.exitCode == 1 && other.errors.contains("adam_beta1 was 0.9 and is 0.8"), "\(other.errors)")
            try FileManager.default.removeItem(atPath: "\(folder)/run/model")
            let latest = try resume("latest")
            #expect(
                latest.exitCode == 0 && latest.errors.contains("Warning: the checkpoint run/checkpoint-6 is damaged"))
            #expect(try log("\(folder)/run").count == 6)
            // The damaged one has been replaced.
            #expect(try resume("checkpoint-6").exitCode == 0)
            #expect(try resume("checkpoint-3", ["--adam-beta1", "0.8", "--allow-changes"]).exitCode == 0)
        }
    }

    @Test(arguments: [
        (["--resolution", "40"], "resolution is 40"), (["--lr", "0"], "lr is 0"),
        (["--train-batch-size", "0"], "train_batch_size is 0"),
        (["--data-type", "fp8"], "fp8"), (["--val-steps", "0"], "val_steps is 0"),
        (["--max-train-steps", "5", "--lr-warmup-steps", "5"], "lr_warmup_steps is 5"),
    ])
    func badValuesAreUsageErrors(options: [String], text: String) throws {
        try withTemporaryFolder { folder in
            let result = try Program.run(
                ["train", "--base-model-path", tinyModel, "--dataset-path", "x", "--output-dir", "run"] + options,
                in: folder)
            #expect(result.exitCode == 64 && result.errors.contains(text), "\(result.errors)")
            #expect(try names(in: folder).isEmpty)
        }
    }

    @Test func twoRunsAreCompared() throws {
        try withTemporaryFolder { folder in
            for (run, losses) in [("one", [0.4, 0.3]), ("two", [0.4, 0.2])] {
                try FileManager.default.createDirectory(atPath: "\(folder)/\(run)", withIntermediateDirectories: true)
                let lines = losses.enumerated().map {
                    #"{"grad_norm":1,"loss":\#($1),"lr":0.001,"seconds":2,"step":\#($0 + 1)}"#
                }
                let text = (lines + [#"{"step":2,"val_iou":0.5}"#]).joined(separator: "\n") + "\n"
                try text.write(toFile: "\(folder)/\(run)/log.jsonl", atomically: true, encoding: .utf8)
            }
            let result = try Program.run(["compare", "one", "two/log.jsonl", "--report", "runs.html"], in: folder)
            #expect(result.exitCode == 0, "\(result.errors)")
            for text in ["updates", "0.3495", "0.2990", "best validation IoU", "0.5000", "after update", "2.000"] {
                #expect(result.output.contains(text), "\(result.output)")
            }
            let page = try String(contentsOfFile: "\(folder)/runs.html", encoding: .utf8)
            #expect(page.contains("two/log.jsonl") && page.contains("Loss, running mean"))
            #expect(XMLParser(data: Data(page.utf8)).parse())
            let json = try Program.run(["compare", "one", "two", "--json"], in: folder)
            let rows = try #require(try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [[String: Any]])
            let numbers = rows.map { "\($0["number"] ?? "") \($0["first"] ?? "") \($0["second"] ?? "")" }
            #expect(numbers.contains("updates 2 2") && numbers.contains("best_val_iou 0.5 0.5"), "\(numbers)")
        }
    }

    @Test func aRunIsPlanned() throws {
        try withTemporaryFolder { folder in
            try synthesize(in: folder)
            let result = try Program.run(
                arguments("run", steps: 6) + ["--dry-run", "--plot-schedule", "rates.svg"], in: folder)
            #expect(result.exitCode == 0, "\(result.errors)")
            // 2 x 2 pictures of 7 are two updates an epoch.
            for text in ["7, 4 an update", "6, 2 an epoch", "0 at update 1, 0.001 at update 3", "a checkpoint on disk"]
            {
                #expect(result.output.contains(text), "\(result.output)")
            }
            #expect(try names(in: folder) == ["rates.svg", "scenes"])
            let adapters = try Program.run(
                arguments("run", steps: 6) + ["--dry-run", "--trainable", "lora", "--lora-targets", "attn.to_q"],
                in: folder)
            #expect(adapters.output.contains("frozen transformer"), "\(adapters.output)")
            // A plan may be for another machine.
            let elsewhere = try Program.run(arguments("run", steps: 6) + ["--dry-run", "--device", "cuda"], in: folder)
            #expect(elsewhere.exitCode == 0 && elsewhere.output.contains("together"), "\(elsewhere.errors)")
            #expect(result.output.contains("at least ") && result.output.contains("TFLOP"), "\(result.output)")
        }
    }

    @Test func aSettingThatFitsIsFound() throws {
        try withTemporaryFolder { folder in
            try synthesize(in: folder)
            let dry = arguments("run", steps: 6) + ["--dry-run"]
            let machine = ["--processes", "4", "--device-memory", "24GiB", "--host-memory", "48g"]
            let found = try Program.run(dry + machine, in: folder)
            #expect(found.exitCode == 0, "\(found.errors)")
            for text in ["4 processes on one host of 48.00 GiB", "cheapest  ", "--offload none", "fits"] {
                #expect(found.output.contains(text), "\(found.output)")
            }
            let json = try Program.run(dry + machine + ["--json"], in: folder)
            let object = try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any]
            #expect((object?["choice"] as? [String: Any])?["fits"] as? Bool == true, "\(json.output)")
            #expect((object?["candidates"] as? [Any])?.isEmpty == false)
            #expect(object?["pictures_per_update"] as? Int == 16)
            let small = try Program.run(dry + ["--device-memory", "300MiB"], in: folder)
            #expect(small.exitCode == 1 && small.errors.contains("nothing fits: with "), "\(small.errors)")
            for (wrong, text) in [
                (["--dry-run", "--device-memory", "24"], "a size with its unit"),
                (["--dry-run", "--processes", "0"], "a number from 1 to 65536"),
                (["--dry-run", "--processes", "2", "--processes-per-host", "3"], "up to --processes"),
                (["--processes", "2"], "belongs to --dry-run"),
                (["--dry-run", "--device", "cpu", "--device-memory", "1GiB"], "--host-memory"),
            ] {
                let result = try Program.run(arguments("run") + wrong, in: folder)
                #expect(result.exitCode == 64 && result.errors.contains(text), "\(result.errors)")
            }
        }
    }

    @Test func aModelIsMadeFromNothing() throws {
        try withTemporaryFolder { folder in
            try synthesize(in: folder)
            func run(_ arguments: [String]) throws -> ProgramResult {
                try Program.run(arguments.flatMap { $0.split(separator: " ").map(String.init) }, in: folder)
            }
            let trainVAE =
                "train-vae -q --dataset-path scenes --output-dir vae --resolution 32 --steps 3 --batch-size 2"
            let vae = try run([trainVAE, "--channels 8,8,16,16 --norm-groups 4"])
            #expect(vae.exitCode == 0, "\(vae.errors)")
            #expect(
                try names(in: "\(folder)/vae") == ["config.json", "diffusion_pytorch_model.safetensors", "log.jsonl"])
            #expect(try run([trainVAE]).exitCode == 64)
            #expect(
                try run(["init model --vae vae --resolution 32 --layers 1 --heads 2 --head-dim 8"]).output == "model\n")
            #expect(try run(["init model --vae vae"]).errors.contains("something is there already"))
            let trained = try run([
                "train -q --base-model-path model --dataset-path scenes --output-dir run --resolution 32 --max-train-steps 2 --lr 1e-3",
                "--lr-warmup-steps 0 --data-type fp32 --vae-posterior mode",
            ])
            #expect(trained.exitCode == 0, "\(trained.errors)")
            let scored = try run(["evaluate -q --dataset scenes --split validation --model run/model"])
            #expect(scored.exitCode == 0, "\(scored.errors)")
        }
    }
}

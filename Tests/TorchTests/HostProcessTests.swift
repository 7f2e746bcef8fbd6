import Foundation
import Testing

@testable import Torch

/// The process belongs to the program, not to the library.
@Suite struct HostProcessTests {
    @Test func computingLeavesTheEnvironmentAlone() throws {
        let sum = try Tensor.ones([512, 512]).sum().item()
        #expect(sum == 512 * 512)
        for name in ["THP_MEM_ALLOC_ENABLE", "CUBLAS_WORKSPACE_CONFIG", "PYTORCH_ALLOC_CONF"] {
            #expect(getenv(name) == nil)
        }
    }
}

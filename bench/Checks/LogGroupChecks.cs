using Bench.Wal;
using Consensus.Contracts;
using Consensus.Core.Wal;

namespace Bench.Checks;

/// <summary>Groups of the log take the bytes that they are compared at.</summary>
internal static class LogGroupChecks
{
    public static void GroupsHaveTheirSize()
    {
        foreach (var bytes in (int[])[300, 4 * 1024, 64 * 1024, 1024 * 1024])
        {
            var group = LogGroup.OfBytes(bytes);
            var actual = WalEncoder.MaxBytes(group.At(new LogIndex(7)));
            // One command more would be too much; a single one is cut to fit, up to the log's alignment.
            var slack = group.Commands == 1 ? WalFormat.Alignment : group.Command.Length + (2 * WalFormat.Alignment);
            if (actual > bytes || actual < bytes - slack)
                throw new BenchException($"a group of {bytes} bytes takes {actual}");
        }
    }
}

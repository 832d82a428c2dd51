using Consensus.Contracts;
using Consensus.Host;
using Consensus.Host.Service;
using Consensus.Host.Wal;

namespace Bench.Wal;

/// <summary>
/// The whole consensus service as a single member in this process: proposals in, committed entries out of its tail. Two groups' worth of
/// proposals are under way, so that one group can form while the other is being stored.
/// </summary>
internal static class ServiceAppend
{
    private const string Replica = "bench";

    public static async Task<LogRate> RunAsync(string folder, LogGroup group, TimeSpan warmup, TimeSpan time)
    {
        CountingDisk? disk = null;
        var options = new ConsensusOptions { DataDirectory = folder, Name = Replica, KeepEntries = 1 };
        await using var service = await ConsensusService.StartAsync(options, openDisk: path => disk = new CountingDisk(new FileLogDisk(path)));
        if (disk is null)
            throw new BenchException("the consensus service opened no log");
        await service.ReadIndexAsync(default);

        await using var proposals = service.OpenProposals();
        var proposal = new Proposal(group.Command, default);
        for (var n = 0; n < 2 * group.Commands; n++)
            await proposals.ProposeAsync(proposal, default);

        var phase = new CountedPhase(disk, warmup, time);
        await foreach (var batch in service.TailAsync(default, default))
        {
            if (phase.IsOver(out var rate))
                return rate;
            foreach (var entry in batch.Entries)
            {
                if (entry.Kind == EntryKind.Command)
                    await proposals.ProposeAsync(proposal, default);
            }
            await service.ReportDurableAsync(Replica, batch.Entries[^1].Index, default);
        }
        throw new BenchException("the tail of the log ended by itself");
    }
}

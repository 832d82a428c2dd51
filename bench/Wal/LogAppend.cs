using Consensus.Contracts;
using Consensus.Core.Raft;
using Consensus.Core.Wal;
using Consensus.Host.Wal;

namespace Bench.Wal;

/// <summary>The write-ahead log by itself, as its thread uses it: one group after the other, each with the commit index of the one before, old segments dropped.</summary>
internal static class LogAppend
{
    public static LogRate Run(string folder, LogGroup group, TimeSpan warmup, TimeSpan time)
    {
        var (cluster, member) = (new ClusterId(1), new MemberId(1));
        var hardState = new HardState(new Term(1), member, default);
        var disk = new CountingDisk(new FileLogDisk(folder));
        using var log = WriteAheadLog.Create(disk, new WalOptions(), cluster, member, [], hardState);
        var phase = new CountedPhase(disk, warmup, time);
        LogRate rate;
        do
        {
            var last = log.Last;
            log.Append(hardState with { Commit = last }, group.At(last.Next), mustSync: true);
            log.DropThrough(last);
        }
        while (!phase.IsOver(out rate));
        return rate;
    }
}

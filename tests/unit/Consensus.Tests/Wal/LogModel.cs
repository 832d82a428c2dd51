using Consensus.Contracts;
using Consensus.Core.Raft;
using Consensus.Core.Wal;

namespace Consensus.Tests.Wal;

/// <summary>What a log should hold: an immutable value, so that the state before and the one after an operation can both be kept.</summary>
internal sealed record LogModel
{
    public static readonly LogModel Empty = new();

    /// <summary>Index of the first of <see cref="Entries"/>.</summary>
    public ulong First { get; init; } = 1;

    public Entry[] Entries { get; init; } = [];
    public HardState HardState { get; init; }

    /// <summary>What must be found again at least; the same unless a commit index was handed over to be stored late.</summary>
    public HardState Stored { get; init; }

    /// <summary>All configuration entries ever, those before <see cref="First"/> included.</summary>
    public (ulong Index, byte[] Data)[] Configurations { get; init; } = [];

    public ulong Last => First + (ulong)Entries.Length - 1;

    public LogModel Append(HardState hardState, Entry[] entries)
    {
        var from = entries.Length > 0 ? entries[0].Index.Value : Last + 1;
        return this with
        {
            Entries = [.. Entries.Where(entry => entry.Index.Value < from), .. entries],
            HardState = hardState,
            Stored = hardState,
            Configurations =
            [
                .. Configurations.Where(configuration => configuration.Index < from),
                .. entries.Where(entry => entry.Kind == EntryKind.Configuration).Select(entry => (entry.Index.Value, entry.Data.ToArray())),
            ],
        };
    }

    public LogModel DropBefore(ulong first) => this with { First = first, Entries = [.. Entries.Where(entry => entry.Index.Value >= first)] };

    /// <summary>Says how the log differs; null when it does not. The log may begin later, up to <paramref name="firstAtMost"/>.</summary>
    public string? Difference(WriteAheadLog log, ulong firstAtMost)
    {
        if (log.First.Value < First || log.First.Value > Math.Max(First, firstAtMost))
            return $"first is {log.First}, not {First} to {firstAtMost}";
        if (log.Last.Value != Last)
            return $"last is {log.Last}, not {Last}";
        if (log.HardState != HardState && log.HardState != Stored)
            return $"hard state is {log.HardState}, not {HardState} nor {Stored}";
        var read = log.Read(log.First, log.Last.Next, int.MaxValue);
        if (!read.Select(Text).SequenceEqual(DropBefore(log.First.Value).Entries.Select(Text)))
            return "the entries differ";
        var newestBefore = Configurations.LastOrDefault(configuration => configuration.Index < log.First.Value);
        var expected = Configurations.Where(configuration => configuration.Index >= log.First.Value || configuration == newestBefore);
        return log.Configurations.Select(c => $"{c.Index} {Convert.ToHexString(c.Data.Span)}")
            .SequenceEqual(expected.Select(c => $"{c.Index} {Convert.ToHexString(c.Data)}"))
            ? null
            : "the configurations differ";
    }

    private static string Text(Entry entry) => $"{entry.Index} {entry.Term} {entry.Kind} {Convert.ToHexString(entry.Data.Span)}";
}

using Bench.Workloads;
using Consensus.Contracts;
using Consensus.Core.Wal;

namespace Bench.Wal;

/// <summary>A group of log entries that takes as many bytes on disk as were asked for, or a little less.</summary>
internal sealed class LogGroup
{
    // What a put of the comparison comes to: key, value, envelope.
    private const int CommandBytes = 300;

    private static readonly Term FirstTerm = new(1);

    private readonly Entry[] _entries;

    private LogGroup(int commands, int commandBytes)
    {
        Command = PutRequests.NewValue(commandBytes);
        _entries = new Entry[commands];
        At(new LogIndex(1));
    }

    /// <summary>One command; all of the group are the same bytes.</summary>
    public ReadOnlyMemory<byte> Command { get; }

    public int Commands => _entries.Length;

    /// <summary>The largest group that does not exceed <paramref name="bytes"/> with the hard state that goes with it: many commands, or one of that size.</summary>
    public static LogGroup OfBytes(int bytes)
    {
        var one = new LogGroup(commands: 1, CommandBytes);
        // Records end at a multiple of the alignment.
        bytes &= -WalFormat.Alignment;
        var overOne = (int)WalEncoder.MaxBytes(one._entries) - bytes;
        if (overOne > 0)
            return new LogGroup(commands: 1, Math.Max(1, CommandBytes - overOne));
        var (fits, tooMany) = (1, 2 + (bytes / CommandBytes));
        while (tooMany - fits > 1)
        {
            var middle = (fits + tooMany) / 2;
            if (WalEncoder.MaxBytes(new LogGroup(middle, CommandBytes)._entries) <= bytes)
                fits = middle;
            else
                tooMany = middle;
        }
        return new LogGroup(fits, CommandBytes);
    }

    /// <summary>The entries from <paramref name="first"/> on; valid until the next call.</summary>
    public Entry[] At(LogIndex first)
    {
        for (var i = 0; i < _entries.Length; i++)
            _entries[i] = new Entry(new LogIndex(first.Value + (ulong)i), FirstTerm, EntryKind.Command, Command);
        return _entries;
    }
}

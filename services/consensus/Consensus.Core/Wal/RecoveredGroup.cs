using Consensus.Contracts;
using Consensus.Core.Raft;

namespace Consensus.Core.Wal;

/// <summary>The decoded records of one group, in the order in which the log writes them: metadata, configurations, hard state, entries.</summary>
/// <remarks>Collected first and replayed whole: half a group must not count, for its hard state may speak of entries in the lost half.</remarks>
internal sealed class RecoveredGroup
{
    /// <summary>An entries record.</summary>
    public readonly record struct Run(LogIndex First, Term Term, int Count, long Offset, int Bytes);

    private readonly List<Run> _runs = [];
    private readonly List<(LogIndex Index, ReadOnlyMemory<byte> Data)> _headConfigurations = [];
    private readonly List<(LogIndex Index, ReadOnlyMemory<byte> Data)> _configurations = [];
    private WalRecordType _last;

    public WalMetadata? Metadata { get; private set; }
    public HardState? HardState { get; private set; }

    /// <summary>Configuration entries of earlier segments.</summary>
    public IReadOnlyList<(LogIndex Index, ReadOnlyMemory<byte> Data)> HeadConfigurations => _headConfigurations;

    public IReadOnlyList<Run> Runs => _runs;

    /// <summary>Configuration entries among those of <see cref="Runs"/>.</summary>
    public IReadOnlyList<(LogIndex Index, ReadOnlyMemory<byte> Data)> Configurations => _configurations;

    /// <summary>Offset after its last record.</summary>
    public long End { get; private set; }

    public void Clear()
    {
        _runs.Clear();
        _headConfigurations.Clear();
        _configurations.Clear();
        _last = default;
        Metadata = null;
        HardState = null;
    }

    /// <summary>Adds the record found at <paramref name="offset"/>. False when it is none of this version, or has no place here.</summary>
    public bool TryAdd(in WalRecord record, long offset, ReadOnlySpan<byte> payload)
    {
        End = offset + record.Bytes;
        var isFirst = offset == 0;
        var after = _last;
        _last = record.Type;
        switch (record.Type)
        {
            case WalRecordType.Metadata when isFirst && WalMetadata.TryDecode(payload, out var metadata):
                Metadata = metadata;
                return true;
            case WalRecordType.Configuration when after is WalRecordType.Metadata or WalRecordType.Configuration
                    && WalConfiguration.TryDecode(payload, out var index, out var data):
                _headConfigurations.Add((index, data.ToArray()));
                return true;
            case WalRecordType.HardState when after is default(WalRecordType) or WalRecordType.Metadata or WalRecordType.Configuration
                    && WalHardState.TryDecode(payload, out var state):
                HardState = state;
                return true;
            case WalRecordType.Entries when after is default(WalRecordType) or WalRecordType.HardState or WalRecordType.Entries
                    && WalEntries.TryDecodeRange(payload, out var first, out var term, out var count)
                    && WalEntries.TryCopyConfigurations(payload, _configurations):
                _runs.Add(new Run(first, term, count, offset, record.Bytes));
                return true;
            default:
                return false;
        }
    }
}

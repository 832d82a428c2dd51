using System.Buffers.Binary;
using Bench.Workloads;
using Consensus.Contracts;
using EtcdApi.Wire;
using Storage.Contracts;

namespace Bench.Store;

/// <summary>
/// Log entries that put keys, made before the clock runs. Their bytes are used again for the next block, so that making them leaves no garbage behind.
/// </summary>
internal sealed class PutBlock
{
    public const int Entries = 20_000;

    private const int SequenceAt = 12, LowestPendingAt = 20;

    // As a gateway with a hundred clients.
    private const ulong Pending = 100;

    private readonly byte[][] _commands = new byte[Entries][];
    private readonly int _keyAt;
    private readonly Entry[] _entries = new Entry[Entries];

    public PutBlock(int valueBytes)
    {
        var value = PutRequests.NewValue(valueBytes);
        var payload = new byte[ProtoWriter.BytesSize(1, StoreKeys.Bytes) + ProtoWriter.BytesSize(2, valueBytes)];
        var writer = new ProtoWriter(payload);
        writer.Bytes(1, new byte[StoreKeys.Bytes]);
        writer.Bytes(2, value);
        var envelope = new CommandEnvelope(CommandKind.Put, new SessionId(7), 1, 1, 1_700_000_000_000_000_000, default);
        for (var i = 0; i < Entries; i++)
            _commands[i] = envelope.Encode(payload);
        _keyAt = _commands[0].Length - payload.Length + 2; // behind the key's tag and length
    }

    /// <summary>The entries behind log index <paramref name="applied"/>, putting the keys of these numbers; valid until the next call.</summary>
    public ReadOnlySpan<Entry> Next(ulong applied, int count, Func<int, int> keyNumber)
    {
        for (var i = 0; i < count; i++)
        {
            var command = _commands[i];
            var sequence = applied + (ulong)i + 1;
            BinaryPrimitives.WriteUInt64LittleEndian(command.AsSpan(SequenceAt), sequence);
            BinaryPrimitives.WriteUInt64LittleEndian(command.AsSpan(LowestPendingAt), sequence > Pending ? sequence - Pending : 1);
            StoreKeys.Write(keyNumber(i), command.AsSpan(_keyAt, StoreKeys.Bytes));
            _entries[i] = new Entry(new LogIndex(sequence), new Term(2), EntryKind.Command, command);
        }
        return _entries.AsSpan(0, count);
    }
}

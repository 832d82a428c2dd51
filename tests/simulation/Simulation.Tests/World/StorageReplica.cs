using System.Buffers.Binary;
using Consensus.Contracts;
using EtcdApi.Etcdserverpb;
using Google.Protobuf;
using Simulation.Checks;
using Storage.Contracts;
using Storage.Core.Reads;
using Storage.Core.State;
using Storage.Tests.Harness;

namespace Simulation.World;

/// <summary>
/// The state machine of storage over a tree in memory, beside the <see cref="KvMachine"/> that is its model: both apply the same entries and must say the same.
/// A crash leaves the last completed commit.
/// </summary>
internal sealed class StorageReplica
{
    private readonly MemoryTree _tree;
    private readonly StateMachine _machine;
    private readonly PublishedState _state;

    public StorageReplica() : this(new MemoryTree())
    {
    }

    private StorageReplica(MemoryTree tree)
    {
        _tree = tree;
        _machine = StateMachine.Open(tree, new StateMachineOptions());
        _state = new PublishedState(_machine.Freeze());
    }

    public LogIndex Applied => _machine.AppliedIndex;

    /// <summary>Of the key space, as clients can ask for it (HashKV).</summary>
    public uint Hash => StateReads.Hash(_state, 0).Hash;

    /// <summary>A new process on what was durable; also a copy for a peer.</summary>
    public StorageReplica AfterCrash() => new(_tree.AfterCrash());

    /// <param name="entry">The next one.</param>
    /// <param name="expected">What the model said.</param>
    /// <param name="losesSession">The defect: the command carries no session.</param>
    public void Apply(in Entry entry, KvMachine.Outcome? expected, bool losesSession)
    {
        CommandEnvelope envelope = default;
        ReadOnlyMemory<byte> payload = default;
        if (KvCommand.TryDecode(entry, out var command))
        {
            payload = new PutRequest { Key = KeyOf(command.Key), Value = ValueOf(command.Value) }.ToByteArray();
            envelope = new CommandEnvelope(
                CommandKind.Put, new SessionId(losesSession ? 0 : command.Session), command.Sequence, command.Sequence, (long)entry.Index.Value, default);
        }
        var hasResult = _machine.Apply(entry, envelope, payload, null, out var result);
        if (expected is { } outcome)
        {
            Check.That(
                hasResult && result.Error == StorageError.None && (ulong)result.Revision == outcome.Revision,
                $"storage: index {entry.Index} gave {result.Error} at revision {result.Revision}, the model revision {outcome.Revision}");
        }
        else
        {
            Check.That(
                !hasResult || result.Error == StorageError.OutcomeForgotten, $"storage: index {entry.Index} had an effect at revision {result.Revision}, and none in the model");
        }
        _state.Current = _machine.Freeze();
    }

    public void CheckKey(int key, (ulong Value, ulong Version) expected)
    {
        var answer = StateReads.Range(_state, new RangeRequest { Key = KeyOf(key) }.ToByteArray());
        Check.That(answer.Error == StorageError.None, $"storage: a read of key {key} failed: {answer.Error}");
        var row = RangeResponse.Parser.ParseFrom(answer.Body.Span).Kvs.SingleOrDefault();
        var found = row is null ? default : (BinaryPrimitives.ReadUInt64BigEndian(row.Value.Span), (ulong)row.Version);
        Check.That(found == expected, $"storage: key {key} is {found}, and {expected} in the model");
    }

    /// <summary>All that was applied becomes durable, with the index it was applied at (I2).</summary>
    public void MakeDurable()
    {
        if (_machine.BeginCommit() is not { } pending)
            return;
        pending.Commit.WriteTo(new NullDevice());
        _machine.CompleteCommit(pending);
        _state.Current = _machine.Freeze();
    }

    private static ByteString KeyOf(int key) => ByteString.CopyFrom([(byte)'k', (byte)key]);

    private static ByteString ValueOf(ulong value)
    {
        var bytes = new byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64BigEndian(bytes, value);
        return UnsafeByteOperations.UnsafeWrap(bytes);
    }
}

using Consensus.Contracts;
using EtcdApi.Etcdserverpb;
using Google.Protobuf;
using Storage.Contracts;
using Storage.Core.State;
using Storage.Core.Tree;
using Storage.Host;
using Storage.Tests.Harness;

namespace Storage.Tests.Compaction;

/// <summary>
/// Goal: a step of the sweep copies few pages however the history lies, and what the whole sweep empties goes as whole pages. Method: a state machine on a
/// data file, the tree's uncommitted bytes looked at after each step.
/// </summary>
#pragma warning disable CA1001 // xunit disposes through IAsyncLifetime.
public sealed class SweepStepTests : IAsyncLifetime
#pragma warning restore CA1001
{
    private const int Keys = 500, Rounds = 8, Work = 1_500, PageBytes = 4096;

    private readonly TemporaryDirectory _directory = new();
    private StorageData _data = null!;
    private StateMachine _machine = null!;
    private ulong _sequence;

    public Task InitializeAsync()
    {
        _data = StorageData.Open(_directory.Path);
        _machine = StateMachine.Open(_data.Tree, new StateMachineOptions());
        for (var round = 0; round < Rounds; round++)
            for (var key = 0; key < Keys; key++)
                Apply(CommandKind.Put, Requests.Put($"key{key:D6}", new string('v', 200)));
        Apply(CommandKind.Compact, new CompactionRequest { Revision = (Keys * Rounds) + 1 });
        Commit();
        return Task.CompletedTask;
    }

    public async Task DisposeAsync()
    {
        await _data.Owned!.DisposeAsync();
        _directory.Dispose();
    }

    [Fact]
    public void Step_HistoryOfManyKeys_CopiesBoundedPages()
    {
        var largest = 0L;
        var steps = 0;
        for (; _machine.Sweep.IsPending; steps++)
        {
            var before = _data.Tree.DirtyBytes;
            _machine.Sweep.Step(Work);
            largest = Math.Max(largest, _data.Tree.DirtyBytes - before);
        }
        Assert.InRange(steps, 10, 1_000);
        // Each copied page is twelve units of work or more; the last removal of a step may copy the whole way down.
        Assert.InRange(largest, 0, ((Work / 12) + 4) * PageBytes);
    }

    [Fact]
    public void Sweep_ToItsEnd_FreesThePagesAndKeepsTheNewestOfEachKey()
    {
        var before = _data.Tree.Size.InUseBytes;
        var removed = 0;
        while (_machine.Sweep.IsPending)
            removed += _machine.Sweep.Step(Work);
        Commit();
        Assert.Equal(Keys * (Rounds - 1), removed);
        Assert.Equal(Keys, Rows());
        // An eighth of the rows is left, in about as many pages as it takes.
        Assert.InRange(_data.Tree.Size.InUseBytes, 1, before / 4);
    }

    private void Apply(CommandKind kind, IMessage request)
    {
        var envelope = new CommandEnvelope(kind, new SessionId(7), ++_sequence, _sequence, 1, default);
        var payload = request.ToByteArray();
        var entry = new Entry(_machine.AppliedIndex.Next, new Term(2), EntryKind.Command, envelope.Encode(payload));
        Assert.True(_machine.Apply(entry, envelope, payload, null, out var result));
        Assert.Equal(StorageError.None, result.Error);
    }

    private void Commit()
    {
        if (_machine.BeginCommit() is not { } pending)
            return;
        pending.Commit.WriteTo(_data.Device);
        _machine.CompleteCommit(pending);
    }

    private int Rows()
    {
        using var snapshot = _data.Tree.OpenSnapshot();
        var rows = 0;
        for (var row = snapshot.Seek(TableId.Revisions, []); row.MoveNext();)
            rows++;
        return rows;
    }
}

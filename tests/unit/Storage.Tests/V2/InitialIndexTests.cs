using Consensus.Contracts;
using Storage.Contracts;
using Storage.Contracts.Commands;
using Storage.Core.State;
using Storage.Core.V2;
using Storage.Tests.Harness;

namespace Storage.Tests.V2;

/// <summary>Goal: a fresh cluster's v2 index is etcd's, 2n + 1, and state of the log. Method: logs that begin with the initial members, and one that does not.</summary>
public sealed class InitialIndexTests
{
    private static readonly Term s_term = new(1);

    [Theory]
    [InlineData(1, 3)]
    [InlineData(3, 7)]
    [InlineData(5, 11)]
    public void Apply_InitialConfiguration_SetsTheIndexOfAFreshTree(int members, long index)
    {
        var replica = new Replica();
        Apply(replica, EntryKind.Configuration, Configuration(members));
        Apply(replica, EntryKind.Empty, default);
        Assert.Equal((index, index), (replica.State.Current.V2.Index, replica.State.Current.V2.InitialIndex));
        Assert.Equal(index + 1, Set(replica, "/a"));
        replica.Commit();
        var restarted = replica.AfterCrash([]);
        Assert.Equal((index + 1, index), (restarted.State.Current.V2.Index, restarted.State.Current.V2.InitialIndex));
        var history = V2History.Read(restarted.State, "/", V2History.Scope.Everything, 1, long.MaxValue, 1_000);
        Assert.Equal((0, index + 2, index + 1), (history.CompactRevision, history.NextRevision, history.Revisions.Single().Revision));
    }

    [Fact]
    public void Apply_LogThatBeginsOtherwise_KeepsTheOption()
    {
        var replica = new Replica(options: new StateMachineOptions { InitialV2Index = 20 });
        Apply(replica, EntryKind.Empty, default);
        Apply(replica, EntryKind.Configuration, Configuration(3));
        Assert.Equal(21, Set(replica, "/a"));
    }

    [Fact]
    public void Apply_ConfigurationOrEmptyAnywhere_ChangesNothingButTheAppliedIndex()
    {
        var replica = new Replica();
        Apply(replica, EntryKind.Configuration, Configuration(3));
        replica.Put("a", "1");
        Set(replica, "/a");
        var before = replica.State.Current;
        Apply(replica, EntryKind.Configuration, Configuration(5));
        Apply(replica, EntryKind.Empty, default);
        var after = replica.State.Current;
        Assert.Equal((before.Revision, before.V2.Index), (after.Revision, after.V2.Index));
        Assert.Equal(before.AppliedIndex.Value + 2, after.AppliedIndex.Value);
        Assert.Equal(3, replica.Put("b", "1"));
    }

    [Fact]
    public void Apply_InitialConfigurationThatCannotBeRead_Throws() =>
        Assert.Throws<InvalidDataException>(() => Apply(new Replica(), EntryKind.Configuration, [99]));

    private static byte[] Configuration(int members) => ConfigurationFormat.Encode(new ClusterConfiguration
    {
        Members = [.. Enumerable.Range(1, members).Select(static id => new Member(new MemberId((ulong)id), "", ["http://h:1"], [], false))],
    });

    private static void Apply(Replica replica, EntryKind kind, byte[]? data)
    {
        Assert.False(replica.Machine.Apply(new Entry(replica.Machine.AppliedIndex.Next, s_term, kind, data), default, default, null, out _));
        replica.State.Current = replica.Machine.Freeze();
    }

    private static long Set(Replica replica, string path)
    {
        var result = replica.Do(new V2Write { Operation = V2Write.Types.Operation.Set, Path = path, Value = Requests.Utf8("1") });
        Assert.Equal(StorageError.None, result.Error);
        return result.Revision;
    }
}

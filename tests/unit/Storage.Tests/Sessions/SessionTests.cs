using Google.Protobuf;
using Storage.Contracts;
using Storage.Core.Sessions;
using Storage.Core.Tree;
using Storage.Tests.Harness;

namespace Storage.Tests.Sessions;

/// <summary>Goal: a repeated proposal answers the first outcome and changes nothing (I8), within bounds. Method: envelopes by hand.</summary>
public sealed class SessionTests
{
    private static readonly SessionId s_session = new(99);
    private readonly Replica _replica = new();

    [Fact]
    public void Apply_SameSequenceAgain_AnswersTheFirstOutcomeAndChangesNothing()
    {
        var first = Put("a", "1", sequence: 1, lowest: 1);
        _replica.Put("a", "other");
        var again = Put("a", "1", sequence: 1, lowest: 1);
        Assert.Equal(first, again);
        Assert.Equal("a=other c2 m3 v2 l0", _replica.Dump());
    }

    [Fact]
    public void Apply_RememberedError_IsAnsweredAgain()
    {
        var request = Requests.Put("a", "", ignoreValue: true).ToByteArray();
        Assert.Equal(StorageError.KeyNotFound, _replica.Apply(CommandKind.Put, request, s_session, 1, 1).Error);
        _replica.Put("a", "1");
        Assert.Equal(StorageError.KeyNotFound, _replica.Apply(CommandKind.Put, request, s_session, 1, 1).Error);
    }

    [Fact]
    public void Apply_SequenceBelowLowestPending_IsForgottenAndChangesNothing()
    {
        Put("a", "1", sequence: 1, lowest: 1);
        Put("a", "2", sequence: 2, lowest: 2);
        Assert.Equal(StorageError.OutcomeForgotten, Put("a", "1", sequence: 1, lowest: 1).Error);
        Assert.Equal("a=2 c2 m3 v2 l0", _replica.Dump());
    }

    [Fact]
    public void Apply_SequencesOutOfOrder_AreEachAppliedOnce()
    {
        foreach (var sequence in (ulong[])[3, 1, 40, 2, 39, 3, 1, 40, 2])
            Put($"k{sequence}", "1", sequence, lowest: 1);
        Assert.Equal(6, _replica.State.Current.Revision);
    }

    [Fact]
    public void Apply_SessionZero_IsNotRemembered()
    {
        _replica.Apply(CommandKind.Put, Requests.Put("a", "1").ToByteArray(), default, 1, 1);
        _replica.Apply(CommandKind.Put, Requests.Put("a", "1").ToByteArray(), default, 1, 1);
        Assert.Equal(3, _replica.State.Current.Revision);
    }

    [Theory]
    [InlineData(0, 0, true)]
    [InlineData(1, 0, true)]
    [InlineData(0, 1, true)]
    [InlineData(1, 1, false)]
    public void Use_SessionIdleByClockAndByCommands_ForgottenOnlyByBoth(long nanosTooLong, ulong commandsTooMany, bool isKept)
    {
        var table = new SessionTable(new MemoryTree());
        table.Use(Command(s_session, unixNanos: 1), index: 1).Remember(1, default);
        // A clock that jumped: it alone must not make others' retries look new.
        table.Use(Command(new SessionId(77), 1 + SessionTable.IdleNanos + nanosTooLong), 1 + SessionTable.IdleCommands + commandsTooMany);
        Assert.Equal(isKept ? 2 : 1, table.Count);
    }

    private static CommandEnvelope Command(SessionId session, long unixNanos) => new(CommandKind.Put, session, 1, 1, unixNanos, default);

    [Fact]
    public void Apply_TooManySessions_TheLeastRecentlyUsedGoes()
    {
        Put("a", "1", sequence: 1, lowest: 1);
        for (var i = 0; i < SessionTable.MaxSessions; i++)
            _replica.Apply(CommandKind.Put, Requests.Put("b", "1").ToByteArray(), new SessionId(1_000 + (ulong)i), 1, 1);
        Assert.Equal(2 + SessionTable.MaxSessions + 1, Put("a", "1", sequence: 1, lowest: 1).Revision);
    }

    [Fact]
    public void Apply_SequenceFarAhead_ForgetsTheOldestInsteadOfGrowing()
    {
        Put("a", "1", sequence: 1, lowest: 1);
        Put("a", "2", sequence: ulong.MaxValue - 1, lowest: 1);
        Assert.Equal(StorageError.OutcomeForgotten, Put("a", "1", sequence: 1, lowest: 1).Error);
        Assert.Equal(3, Put("a", "2", sequence: ulong.MaxValue - 1, lowest: 1).Revision);
    }

    [Fact]
    public void Apply_LowestPendingFarAhead_EndsAtOnce()
    {
        Put("a", "1", sequence: 1, lowest: 1);
        Put("a", "2", sequence: ulong.MaxValue - 1, lowest: ulong.MaxValue - 1);
        Assert.Equal(3, _replica.State.Current.Revision);
    }

    [Fact]
    public void Apply_AnswerTooLargeToRemember_IsGivenOnceAndTheCommandTakesEffectOnce()
    {
        for (var i = 0; i < 9; i++)
            _replica.Put($"large/{i}", new string('x', 1024 * 1024));
        var delete = Requests.Delete("large/", "large0", prev: true).ToByteArray();
        var first = _replica.Apply(CommandKind.DeleteRange, delete, s_session, 1, 1);
        Assert.Equal(StorageError.None, first.Error);
        Assert.True(first.Body.Length > 9 * 1024 * 1024);
        var again = _replica.Apply(CommandKind.DeleteRange, delete, s_session, 1, 1);
        Assert.Equal(StorageError.OutcomeForgotten, again.Error);
        Assert.Equal(first.Revision, _replica.State.Current.Revision);
    }

    [Theory]
    [InlineData(1, 100)]
    [InlineData(100, 8)]
    [InlineData(20, 4)]
    public void Encode_LargeOutcomes_FitsIntoAValueOfTheTree(int outcomes, int megabytes)
    {
        var session = new Session(s_session);
        for (var sequence = 1; sequence <= outcomes; sequence++)
            session.Remember((ulong)sequence, new Outcome(default, default, StorageError.None, 1, 0, new byte[megabytes * 1024 * 1024]));
        Assert.InRange(session.Encode().Length, 1, CopyOnWriteTree.MaxValueBytes);
    }

    [Fact]
    public void Encode_AsManyOutcomesAsThereMayBe_FitsIntoAValueOfTheTree()
    {
        var session = new Session(s_session);
        for (ulong sequence = 1; sequence <= 70_000; sequence++)
            session.Remember(sequence, new Outcome(default, default, StorageError.None, 1, 0, new byte[1024]));
        Assert.InRange(session.Encode().Length, 1, CopyOnWriteTree.MaxValueBytes);
    }

    [Fact]
    public void Apply_AfterRestart_OutcomesAreStillRemembered()
    {
        var request = Requests.Put("a", "2", prev: true).ToByteArray();
        Put("a", "1", sequence: 1, lowest: 1);
        var first = _replica.Apply(CommandKind.Put, request, s_session, 2, 1);
        _replica.Commit();
        var restarted = _replica.AfterCrash([]);
        var again = restarted.Apply(CommandKind.Put, request, s_session, 2, 1);
        Assert.Equal(first with { Body = default }, again with { Body = default });
        Assert.Equal(first.Body.ToArray(), again.Body.ToArray());
        Assert.Equal(3, restarted.State.Current.Revision);
    }

    private CommandResult Put(string key, string value, ulong sequence, ulong lowest) =>
        _replica.Apply(CommandKind.Put, Requests.Put(key, value).ToByteArray(), s_session, sequence, lowest);
}

using ApiGateway.Core.Watching;
using ApiGateway.Tests.Fakes;
using EtcdApi.Etcdserverpb;
using Google.Protobuf;
using WatchHub.Contracts;

namespace ApiGateway.Tests.Core;

/// <summary>Ids, refusals and resumption of a watch stream.</summary>
public sealed class WatchStreamTests
{
    private readonly WatchStream _stream = new();

    private static WatchCommand Command(WatchCreateRequest create)
    {
        Assert.True(WatchCommand.TryRead(new WatchRequest { CreateRequest = create }.ToByteArray(), out var command));
        return command;
    }

    private static WatchCreateRequest Key(string key, string end = "", long id = 0, long start = 0) => new()
    {
        Key = ByteString.CopyFromUtf8(key),
        RangeEnd = ByteString.CopyFromUtf8(end),
        WatchId = id,
        StartRevision = start,
    };

    private WatchSpec Create(WatchCreateRequest create)
    {
        Assert.True(_stream.TryCreate(Command(create), new SeenRevisions(5, 0), 2, out var spec, out _));
        return spec!;
    }

    private WatchReply Accept(in WatchMessage message)
    {
        // As the call does: first whether it is of the shape that needs no reply.
        if (_stream.TryAcceptWhole(message, out var clientId))
            return new WatchReply(message.Revision, message.Term.Value, clientId, false, false, 0, "", false, message.Events);
        Assert.True(_stream.TryAccept(message, out var reply));
        return reply;
    }

    [Fact]
    public void TryRead_Create_AllFields()
    {
        var create = Key("a", "b", 7, 9);
        create.ProgressNotify = create.PrevKv = create.Fragment = true;
        create.Filters.Add([WatchCreateRequest.Types.FilterType.Noput, WatchCreateRequest.Types.FilterType.Nodelete]);
        var command = Command(create);
        Assert.Equal("a"u8.ToArray(), command.Key.ToArray());
        Assert.Equal("b"u8.ToArray(), command.RangeEnd.ToArray());
        Assert.Equal((7, 9), (command.WatchId, command.StartRevision));
        Assert.True(command is { ProgressNotify: true, PreviousValue: true, Fragment: true, NoPut: true, NoDelete: true });
    }

    [Fact]
    public void TryCreate_NoId_NumbersFromZeroAndSkipsTaken()
    {
        Assert.Equal(0, Accept(Messages.Created(Create(Key("a")).WatchId, 5)).WatchId);
        Create(Key("a", id: 1));
        Assert.Equal(2, Accept(Messages.Created(Create(Key("a")).WatchId, 5)).WatchId);
    }

    [Fact]
    public void TryCreate_EmptyKey_IsTheZeroByte() => Assert.Equal([0], Create(Key("")).Key.ToArray());

    [Theory]
    [InlineData("b", "a", 0, 0, "mvcc: watcher range is empty")]
    [InlineData("b", "b", 0, 0, "mvcc: watcher range is empty")]
    [InlineData("b", "", 1, 0, "mvcc: duplicate watch ID provided on the WatchStream")]
    [InlineData("b", "", 0, -1, "etcdserver: mvcc: required revision has been compacted")]
    public void TryCreate_Refused_EtcdsShape(string key, string end, long id, long start, string reason)
    {
        Create(Key("a", id: 1));
        Assert.False(_stream.TryCreate(Command(Key(key, end, id, start)), new SeenRevisions(5, 0), 2, out _, out var refusal));
        Assert.True(refusal is { WatchId: -1, Created: true, Canceled: true, Revision: 5 });
        Assert.Equal(reason, refusal.CancelReason);
    }

    [Fact]
    public void TryCreate_FromKey_Passes() => Create(Key("b", "\0"));

    [Fact]
    public void TryCancel_ThenCreateSameId_OldMessagesStayTheOldWatchs()
    {
        var old = Create(Key("a", id: 4));
        Accept(Messages.Created(old.WatchId, 5));
        Assert.True(_stream.TryCancel(4, out var hubId));
        Assert.Equal(old.WatchId, hubId);
        var second = Create(Key("b", id: 4));
        Assert.NotEqual(old.WatchId, second.WatchId);
        Assert.True(Accept(Messages.Canceled(old.WatchId, 6)) is { WatchId: 4, Canceled: true, CancelReason: "" });
        Assert.True(Accept(Messages.Created(second.WatchId, 6)) is { WatchId: 4, Created: true });
        Assert.False(_stream.TryAccept(Messages.Put(old.WatchId, 7, "a"), out _));
        Assert.True(_stream.TryCancel(4, out hubId));
        Assert.Equal(second.WatchId, hubId);
    }

    [Fact]
    public void TryCancel_UnknownOrTwice_NoAnswer()
    {
        Assert.False(_stream.TryCancel(4, out _));
        Create(Key("a", id: 4));
        Assert.True(_stream.TryCancel(4, out _));
        Assert.False(_stream.TryCancel(4, out _));
    }

    [Fact]
    public void TryAccept_Compacted_HasNoRevision()
    {
        var spec = Create(Key("a", start: 2));
        Accept(Messages.Created(spec.WatchId, 9));
        Assert.True(Accept(Messages.Canceled(spec.WatchId, 9, compactRevision: 4)) is { Revision: 0, CompactRevision: 4, Canceled: true });
        Assert.False(_stream.HasWatches);
    }

    [Fact]
    public void TryAccept_Compacted_IdIsTakenUntilTheClientCancels()
    {
        var spec = Create(Key("a", id: 4, start: 2));
        Accept(Messages.Created(spec.WatchId, 9));
        Accept(Messages.Canceled(spec.WatchId, 9, compactRevision: 4));
        Assert.False(_stream.TryCreate(Command(Key("b", id: 4)), default, 2, out _, out _));
        Assert.False(_stream.TryCancelCompacted(5, new SeenRevisions(9, 4), 2, out _));
        Assert.True(_stream.TryCancelCompacted(4, new SeenRevisions(9, 4), 2, out var reply));
        Assert.True(reply is { WatchId: 4, Canceled: true, CompactRevision: 0, Revision: 9 });
        Assert.False(_stream.TryCancelCompacted(4, new SeenRevisions(9, 4), 2, out _));
        Create(Key("b", id: 4));
    }

    /// <summary>Nothing is said of what is before it; where others go on is known all the same.</summary>
    [Fact]
    public void Progress_OneWatchStartsLater_NotAnsweredBeforeThat()
    {
        var present = Create(Key("a"));
        var later = Create(Key("a", start: 8));
        Accept(Messages.Created(present.WatchId, 5));
        Accept(Messages.Created(later.WatchId, 5));
        Assert.True(_stream.TryAskProgress());
        Assert.False(_stream.TryAccept(Messages.Progress(-1, 6), out _));
        Assert.False(_stream.IsProgressAsked);
        _stream.Resume(new SeenRevisions(6, 0), 2, out var specs, out _);
        Assert.Equal([(7L, true), (8L, false)], specs.Select(static spec => (spec.StartRevision, spec.IsResumed)));
        Assert.All(specs, spec => Assert.False(_stream.TryAccept(Messages.Created(spec.WatchId, 6), out _)));
        _stream.TryAskProgress();
        Assert.Equal(8, Accept(Messages.Progress(-1, 8)).Revision);
        _stream.Resume(new SeenRevisions(8, 0), 2, out specs, out _);
        Assert.Equal([(9L, true), (9L, true)], specs.Select(static spec => (spec.StartRevision, spec.IsResumed)));
    }

    [Fact]
    public void TryResume_AfterEvents_GoesOnBehindTheLast()
    {
        var spec = Create(Key("a"));
        Accept(Messages.Created(spec.WatchId, 5));
        Accept(Messages.Put(spec.WatchId, 8, "a"));
        _stream.Resume(new SeenRevisions(20, 0), 2, out var specs, out _);
        Assert.Equal((9, 20), (Assert.Single(specs).StartRevision, specs[0].MinRevision));
        // The client has been told already that its watch stands.
        Assert.False(_stream.TryAccept(Messages.Created(spec.WatchId, 20), out _));
        Accept(Messages.Put(spec.WatchId, 9, "a"));
    }

    [Fact]
    public void TryResume_OnAHubThatIsBehind_HeaderRevisionsDoNotFall()
    {
        var spec = Create(Key("a", id: 1, start: 2));
        Accept(Messages.Created(spec.WatchId, 9));
        // Catch-up: the header tells the hub's current revision.
        Accept(Messages.Put(spec.WatchId, 2, "a") with { Content = Messages.Put(spec.WatchId, 2, "a").Content with { Revision = 12 } });
        _stream.Resume(new SeenRevisions(12, 0), 2, out _, out _);
        Assert.False(_stream.TryAccept(Messages.Created(spec.WatchId, 11), out _));
        Assert.Equal(12, Accept(Messages.Put(spec.WatchId, 3, "a")).Revision);
        Assert.Equal(13, Accept(Messages.Put(spec.WatchId, 13, "a")).Revision);
        Assert.True(_stream.TryAskProgress());
        Assert.Equal(14, Accept(Messages.Progress(-1, 14)).Revision);
        Assert.True(_stream.TryCancel(1, out _));
        Assert.Equal(14, Accept(Messages.Canceled(spec.WatchId, 12)).Revision);
    }

    [Fact]
    public void TryAccept_ProgressBeforeTheHubKnowsAllWatches_IsOfThoseThatItKnows()
    {
        var (known, unknown) = (Create(Key("a")), Create(Key("b")));
        Accept(Messages.Created(known.WatchId, 5));
        Accept(Messages.Created(unknown.WatchId, 5));
        _stream.Resume(new SeenRevisions(5, 0), 2, out _, out _);
        Assert.True(_stream.TryAskProgress());
        Assert.False(_stream.TryAccept(Messages.Created(known.WatchId, 9), out _));
        // Unasked, while the other's request is still on its way.
        Assert.False(_stream.TryAccept(Messages.Progress(-1, 9), out _));
        Assert.True(_stream.IsProgressAsked);
        Assert.False(_stream.TryAccept(Messages.Created(unknown.WatchId, 9), out _));
        Accept(Messages.Put(unknown.WatchId, 7, "b"));
        Assert.Equal(9, Accept(Messages.Progress(-1, 9)).Revision);
        _stream.Resume(new SeenRevisions(9, 0), 2, out var specs, out _);
        Assert.All(specs, static spec => Assert.Equal(10, spec.StartRevision));
    }

    [Fact]
    public void Resume_ProgressBeforeTheHubKnewAWatch_GoesOnWhereItWas()
    {
        var (known, unknown) = (Create(Key("a")), Create(Key("b")));
        Accept(Messages.Created(known.WatchId, 5));
        Accept(Messages.Created(unknown.WatchId, 5));
        _stream.Resume(new SeenRevisions(5, 0), 2, out _, out _);
        Assert.False(_stream.TryAccept(Messages.Created(known.WatchId, 9), out _));
        Assert.False(_stream.TryAccept(Messages.Progress(-1, 9), out _));
        _stream.Resume(new SeenRevisions(9, 0), 2, out var specs, out _);
        Assert.Equal([(known.WatchId, 10), (unknown.WatchId, 6)], specs.Select(static spec => (spec.WatchId, spec.StartRevision)).Order());
    }

    [Fact]
    public void TryResume_CreatedNotSeen_AsksForTheSameAgain()
    {
        Create(Key("a"));
        _stream.Resume(new SeenRevisions(5, 0), 2, out var specs, out _);
        Assert.Equal(0, Assert.Single(specs).StartRevision);
        Assert.True(Accept(Messages.Created(specs[0].WatchId, 6)).Created);
    }

    [Fact]
    public void TryResume_IdleWatch_GoesOnAtItsCreation()
    {
        var spec = Create(Key("a"));
        Accept(Messages.Created(spec.WatchId, 5));
        _stream.Resume(new SeenRevisions(7, 0), 2, out var specs, out _);
        Assert.Equal(6, Assert.Single(specs).StartRevision);
    }

    [Fact]
    public void TryResume_AfterUnaskedProgress_GoesOnBehindIt()
    {
        var spec = Create(Key("a"));
        Accept(Messages.Created(spec.WatchId, 5));
        Assert.False(_stream.TryAccept(Messages.Progress(-1, 30), out _));
        _stream.Resume(new SeenRevisions(30, 0), 2, out var specs, out _);
        Assert.Equal(31, Assert.Single(specs).StartRevision);
    }

    [Fact]
    public void TryResume_CancelUnderWay_AnsweredHere()
    {
        var spec = Create(Key("a", id: 3));
        Accept(Messages.Created(spec.WatchId, 5));
        _stream.TryCancel(3, out _);
        _stream.Resume(new SeenRevisions(7, 0), 2, out var specs, out var canceled);
        Assert.Empty(specs);
        Assert.True(Assert.Single(canceled) is { WatchId: 3, Canceled: true, Created: false });
    }

    /// <summary>The next hub may cut a revision otherwise, or send the revisions of a message one by one: what the client has is left out.</summary>
    [Theory]
    [InlineData("abc", "abcd")]
    [InlineData("abc", "ab|cd")]
    [InlineData("abc", "a|b|c|d")]
    [InlineData("abc", "abc|d")]
    [InlineData("ab", "abcd")]
    public void Resume_InAFragment_GoesOnBehindTheEventsSent(string sent, string again)
    {
        var spec = Create(Key("a"));
        Accept(Messages.Created(spec.WatchId, 5));
        var heard = Keys(Accept(Part(spec.WatchId, sent, isLast: false)));
        // Twice lost: the second session has sent nothing yet.
        _stream.Resume(new SeenRevisions(7, 0), 2, out _, out _);
        _stream.Resume(new SeenRevisions(7, 0), 2, out var specs, out _);
        Assert.Equal(6, Assert.Single(specs).StartRevision);
        var parts = again.Split('|');
        for (var n = 0; n < parts.Length; n++)
            if (_stream.TryAccept(Part(spec.WatchId, parts[n], isLast: n == parts.Length - 1), out var reply))
                heard += Keys(reply);
        Assert.Equal("abcd", heard);
        Assert.Equal("z", Keys(Accept(Messages.Put(spec.WatchId, 7, "z"))));
        _stream.Resume(new SeenRevisions(7, 0), 2, out specs, out _);
        Assert.Equal(8, Assert.Single(specs).StartRevision);
    }

    [Fact]
    public void Resume_LostAgainWhileSkipping_SkipsNoMoreThanWasSent()
    {
        var spec = Create(Key("a"));
        Accept(Messages.Created(spec.WatchId, 5));
        Accept(Part(spec.WatchId, "abc", isLast: false));
        _stream.Resume(new SeenRevisions(7, 0), 2, out _, out _);
        Assert.False(_stream.TryAccept(Part(spec.WatchId, "ab", isLast: false), out _));
        _stream.Resume(new SeenRevisions(7, 0), 2, out _, out _);
        Assert.Equal("d", Keys(Accept(Part(spec.WatchId, "abcd", isLast: true))));
    }

    [Fact]
    public void Resume_AliasedAndUncreated_AllAskedForUnderTheirHubIds()
    {
        var old = Create(Key("a", id: 4));
        Accept(Messages.Created(old.WatchId, 5));
        _stream.TryCancel(4, out _);
        var second = Create(Key("b", id: 4, start: 3));
        var third = Create(Key("c", start: 4));
        _stream.Resume(new SeenRevisions(7, 6), 2, out var specs, out var canceled);
        Assert.True(Assert.Single(canceled) is { WatchId: 4, Canceled: true });
        Assert.Equal([(second.WatchId, 3L, 6L), (third.WatchId, 4L, 6L)], specs.Select(static spec => (spec.WatchId, spec.StartRevision, spec.MinCompacted)));
        Assert.Equal(4, Accept(Messages.Created(second.WatchId, 7)).WatchId);
        Assert.Equal(0, Accept(Messages.Created(third.WatchId, 7)).WatchId);
    }

    /// <summary>-1 speaks of the whole stream towards the hub; to the client it is an id like others.</summary>
    [Fact]
    public void TryCreate_MinusOne_IsNotTakenForTheStream()
    {
        var spec = Create(Key("a", id: -1));
        Assert.NotEqual(-1, spec.WatchId);
        Assert.Equal(-1, Accept(Messages.Created(spec.WatchId, 5)).WatchId);
        Assert.False(_stream.TryAccept(Messages.Progress(-1, 6), out _));
        Assert.True(_stream.TryCancel(-1, out var hubId));
        Assert.Equal(spec.WatchId, hubId);
    }

    // One event for each letter, of revision 6.
    private static WatchMessage Part(long id, string keys, bool isLast)
    {
        var fields = keys.SelectMany(key => Messages.Put(id, 6, $"{key}").Events.ToArray()).ToArray();
        return new WatchMessage(id, Messages.Put(id, 6, "", fragment: !isLast).Content with { Events = fields });
    }

    private static string Keys(WatchReply reply) =>
        string.Concat(WatchResponse.Parser.ParseFrom(reply.Events.Span).Events.Select(static one => one.Kv.Key.ToStringUtf8()));

    [Fact]
    public void Progress_Asked_AnsweredOnceAndOnlyWithWatches()
    {
        Assert.False(_stream.TryAskProgress());
        Create(Key("a"));
        Assert.True(_stream.TryAskProgress());
        Assert.True(Accept(Messages.Progress(-1, 6)) is { WatchId: -1, Revision: 6, Created: false });
        Assert.False(_stream.TryAccept(Messages.Progress(-1, 7), out _));
    }
}

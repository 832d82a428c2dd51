using WatchHub.Client;
using WatchHub.Client.Hubs;

namespace WatchHub.Tests.Hubs;

/// <summary>Goal: sessions spread, move at a bounded pace, and come to rest. Method: the rules alone, with sessions that move when asked.</summary>
public sealed class PlacementTests
{
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(100);
    private readonly Placement _placement = new(new WatchHubClientOptions { EvenOutPerSecond = 0.05, LeavePerSecond = 1 });
    private readonly List<HubSeat> _seats = [];
    private readonly List<Session> _asked = [];

    [Fact]
    public void Choose_EqualHubs_OneAfterTheOther()
    {
        AddHubs(3);
        Open(30);
        Assert.All(_seats, seat => Assert.Equal(10, seat.Load));
    }

    [Fact]
    public void Choose_GoodAndMakeshift_GoodThoughBusier()
    {
        AddHubs(2);
        Open(4);
        _seats[0].Place = HubPlace.Makeshift;
        Open(4);
        Assert.Equal((2, 6), (_seats[0].Sessions, _seats[1].Sessions));
        Assert.Null(Placement.Choose(_seats, static seat => seat, new HashSet<HubSeat>(_seats)));
    }

    [Fact]
    public void Move_HubAdded_FillsAtTheShareOfASecondAndComesToRest()
    {
        AddHubs(2);
        Open(1000);
        AddHubs(1);
        var perSecond = new List<int>();
        for (var second = 0; second < 30; second++)
            perSecond.Add(Enumerable.Range(0, 10).Sum(_ => MoveOnce()));
        Assert.All(perSecond, moved => Assert.InRange(moved, 0, 51));
        Assert.All(_seats, seat => Assert.InRange(seat.Sessions, 333, 334));
        Assert.Equal(0, perSecond[^1]);
    }

    [Fact]
    public void Move_HubLeaves_EmptyAfterAboutASecondAndNoTickTakesAll()
    {
        AddHubs(3);
        Open(300);
        _seats[0].Place = HubPlace.None;
        var ticks = new List<int>();
        while (_seats[0].Sessions > 0)
            ticks.Add(MoveOnce());
        Assert.InRange(ticks.Count, 3, 10);
        Assert.All(ticks, moved => Assert.InRange(moved, 1, 31));
        Assert.InRange(_seats[1].Sessions, 149, 151);
    }

    [Fact]
    public void Move_NoGoodHub_AllStay()
    {
        AddHubs(2);
        Open(10);
        _seats.ForEach(static seat => seat.Place = HubPlace.Makeshift);
        Assert.Equal(0, Enumerable.Range(0, 100).Sum(_ => MoveOnce()));
    }

    /// <summary>One session that weighs more than all others does not go to and fro.</summary>
    [Fact]
    public void Move_OneHeavySession_TheOthersMakeWay()
    {
        AddHubs(1);
        Open(9);
        _seats[0].Reweigh(_all[0], 1000);
        AddHubs(1);
        var moved = Enumerable.Range(0, 1000).Sum(_ => MoveOnce());
        Assert.InRange(moved, 1, 10);
        Assert.True(_seats.Max(static seat => seat.Load) <= 1001, string.Join(", ", _seats.Select(static seat => seat.Load)));
    }

    /// <summary>Readers that are stuck do not make others move in their place.</summary>
    [Fact]
    public void Move_AskedSessionsDoNotReact_NoMoreAreAskedThanTheDifference()
    {
        AddHubs(1);
        Open(100);
        AddHubs(1);
        for (var tick = 0; tick < 10_000; tick++)
            _placement.Move(_seats, Tick);
        Assert.InRange(_asked.Count, 49, 50);
    }

    private readonly List<Session> _all = [];

    private void AddHubs(int count)
    {
        for (var n = 0; n < count; n++)
            _seats.Add(new HubSeat { Place = HubPlace.Good });
    }

    private void Open(int count)
    {
        for (var n = 0; n < count; n++)
            Seat(new Session(this));
    }

    private void Seat(Session session)
    {
        session.Seat = Placement.Choose(_seats, static seat => seat, new HashSet<HubSeat>())!;
        session.Seat.Add(session);
        _all.Add(session);
    }

    // Everyone who is asked moves before the next look.
    private int MoveOnce()
    {
        _placement.Move(_seats, Tick);
        var moved = _asked.ToList();
        _asked.Clear();
        foreach (var session in moved)
        {
            session.Seat!.Remove(session);
            Seat(session);
        }
        return moved.Count;
    }

    private sealed class Session(PlacementTests test) : IHubSession
    {
        public HubSeat? Seat { get; set; }

        public void AskToLeave() => test._asked.Add(this);
    }
}

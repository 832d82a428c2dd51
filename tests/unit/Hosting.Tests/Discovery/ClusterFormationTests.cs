using Microsoft.Extensions.Logging.Abstractions;
using Standalone.Discovery;

namespace Hosting.Tests.Discovery;

/// <summary>Goal: a member registers once, waits for the others, and outlasts a service that is away. Method: a registry in memory, and a clock whose waits are over at once.</summary>
public sealed class ClusterFormationTests : IDisposable
{
    private readonly FakeRegistry _registry = new();
    private readonly InstantTime _time = new();

    public void Dispose() => _registry.Dispose();

    private Task<string> Join(string id = "me") =>
        new ClusterFormation(_registry, id, _time, NullLogger.Instance).JoinAsync($"{id}=http://{id}:1", CancellationToken.None);

    [Fact]
    public async Task Join_LastOfAll_IsDoneAtOnce()
    {
        _registry.Add("a");
        _registry.Size = "2";
        Assert.Equal("a=http://a:1,me=http://me:1", await Join());
        Assert.Equal(["me"], _registry.Registrations);
    }

    [Fact]
    public async Task Join_FirstOfThree_WaitsForTheOthers()
    {
        _registry.Size = "3";
        var joining = Join();
        Assert.False(joining.IsCompleted);
        _registry.Add("x");
        Assert.False(joining.IsCompleted);
        _registry.Add("b");
        Assert.Equal("b=http://b:1,me=http://me:1,x=http://x:1", await joining);
    }

    [Fact]
    public async Task Join_FullCluster_RegistersNothing()
    {
        _registry.Add("a");
        _registry.Size = "1";
        Assert.Equal(DiscoveryFailureKind.Full, (await Assert.ThrowsAsync<DiscoveryFailure>(() => Join())).Kind);
        Assert.Empty(_registry.Registrations);
    }

    [Fact]
    public async Task Join_OvertakenWhileRegistering_FindsTheClusterFull()
    {
        _registry.Size = "1";
        _registry.BeforeRegistration = () => _registry.Add("faster");
        Assert.Equal(DiscoveryFailureKind.Full, (await Assert.ThrowsAsync<DiscoveryFailure>(() => Join())).Kind);
    }

    [Fact]
    public async Task Join_ServiceAway_AsksAgainAfterTwiceTheTimeEachTimeUpToALimit()
    {
        _registry.Size = "1";
        _registry.FailuresToCome = 10;
        Assert.Equal("me=http://me:1", await Join());
        Assert.Equal([2, 4, 8, 16, 32, 64, 128, 256, 256, 256], _time.Waits.Select(wait => wait.TotalSeconds));
    }

    [Fact]
    public async Task Join_ServiceLostWhileWaiting_ReadsItAnew()
    {
        _registry.Size = "2";
        var joining = Join();
        _registry.Break(beforeTheyHear: "late");
        Assert.Equal("late=http://late:1,me=http://me:1", await joining);
        Assert.Equal([2], _time.Waits.Select(wait => wait.TotalSeconds));
    }

    [Fact]
    public async Task Join_RegistrationUnanswered_IsRepeatedOnlyWhereThatIsHarmless()
    {
        _registry.Size = "1";
        _registry.RegistrationFailuresToCome = 1;
        Assert.Equal("unavailable", (await Assert.ThrowsAsync<DiscoveryFailure>(() => Join())).Message);

        (_registry.RegistersOnce, _registry.RegistrationFailuresToCome) = (false, 1);
        Assert.Equal("me=http://me:1", await Join());
    }

    /// <summary>Waits are noted and over.</summary>
    private sealed class InstantTime : TimeProvider
    {
        public List<TimeSpan> Waits { get; } = [];

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            Waits.Add(dueTime);
            return System.CreateTimer(callback, state, TimeSpan.Zero, period);
        }
    }

    private sealed class FakeRegistry : IRegistry
    {
        private readonly List<Registration> _members = [];
        private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private bool _isBroken;

        public string Size { get; set; } = "1";

        public List<string> Registrations { get; } = [];

        public int FailuresToCome { get; set; }

        public int RegistrationFailuresToCome { get; set; }

        public Action BeforeRegistration { get; set; } = () => { };

        public string Service => "fake";

        public bool RegistersOnce { get; set; } = true;

        public void Add(string id)
        {
            lock (_members)
            {
                _members.Add(new Registration(id, $"{id}=http://{id}:1", (ulong)_members.Count + 1));
                Signal();
            }
        }

        /// <summary>Who follows loses the connection, and does not hear of this one.</summary>
        public void Break(string beforeTheyHear)
        {
            lock (_members)
            {
                _isBroken = true;
                Add(beforeTheyHear);
            }
        }

        public Task<string> SizeAsync(CancellationToken cancellation) =>
            FailuresToCome-- > 0 ? Task.FromException<string>(new RegistryUnavailableException("unavailable")) : Task.FromResult(Size);

        public Task<RegistryListing> ListAsync(CancellationToken cancellation)
        {
            lock (_members)
                return Task.FromResult(new RegistryListing([.. Enumerable.Reverse(_members)], (ulong)_members.Count));
        }

        public Task RegisterAsync(string id, string urls, CancellationToken cancellation)
        {
            if (RegistrationFailuresToCome-- > 0)
                return Task.FromException(new RegistryUnavailableException("unavailable"));
            BeforeRegistration();
            Registrations.Add(id);
            Add(id);
            return Task.CompletedTask;
        }

        public async IAsyncEnumerable<Registration> FollowAsync(ulong position, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellation)
        {
            while (true)
            {
                Registration? next = null;
                Task changed;
                lock (_members)
                {
                    if (_isBroken)
                    {
                        _isBroken = false;
                        throw new RegistryUnavailableException("broken");
                    }
                    if (position < (ulong)_members.Count)
                        next = _members[(int)position++];
                    changed = _changed.Task;
                }
                if (next is not null)
                    yield return next;
                else
                    await changed.WaitAsync(cancellation);
            }
        }

        public void Dispose()
        {
        }

        private void Signal()
        {
            var changed = _changed;
            _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            changed.SetResult();
        }
    }
}

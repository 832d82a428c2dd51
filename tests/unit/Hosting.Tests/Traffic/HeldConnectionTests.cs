using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;
using Grpc.Core;
using Liveness;

namespace Hosting.Tests.Traffic;

/// <summary>A call is held, again whenever it ends, for as long as somebody needs the connection.</summary>
public sealed class HeldConnectionTests : IDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(20);

    // Longer than a name may be: no name server is asked.
    private static readonly string s_unknown = new string('a', 64) + ".invalid";

    private readonly WaitedTime _time = new();
    private readonly CancellationTokenSource _holding = new();
    private readonly Channel<HeldCall> _calls = Channel.CreateUnbounded<HeldCall>();

    public void Dispose() => _holding.Dispose();

    [Theory]
    [InlineData(null, 1)] // The server stops.
    [InlineData(StatusCode.Unavailable, 1)]
    [InlineData(StatusCode.Internal, 1)]
    [InlineData(StatusCode.Unimplemented, 30)] // A server of before.
    public async Task CallEnds_AnotherIsHeldAfterAWhile(StatusCode? status, int seconds)
    {
        var holding = HeldConnection.KeepAsync(Open, address: null, _time, _holding.Token);
        for (var time = 0; time < 3; time++)
        {
            var call = await NextCallAsync();
            call.End(status);
            Assert.Equal(TimeSpan.FromSeconds(seconds), await _time.NextAsync().WaitAsync(s_patience));
            Assert.True(call.IsDisposed);
        }
        await _holding.CancelAsync();
        await holding.WaitAsync(s_patience);
    }

    [Fact]
    public async Task Cancelled_WhileACallIsHeld_ItEndsWithoutAnException()
    {
        var holding = HeldConnection.KeepAsync(Open, address: null, _time, _holding.Token);
        var call = await NextCallAsync();
        await _holding.CancelAsync();
        await holding.WaitAsync(s_patience);
        Assert.True(call.IsDisposed);
    }

    [Fact]
    public async Task ChannelDisposed_NoMoreCalls()
    {
        var opened = 0;
        await HeldConnection.KeepAsync<string>(_ => ++opened == 1 ? throw new RpcException(new Status(StatusCode.Unavailable, "away")) : throw new ObjectDisposedException("channel"), address: null, _time, _holding.Token)
            .WaitAsync(s_patience);
        Assert.Equal(2, opened);
    }

    public static TheoryData<string> Nobody => [$"http://{s_unknown}:80", $"http://127.0.0.1:{FreePort()}"];

    [Theory, MemberData(nameof(Nobody))]
    public async Task NobodyThere_NoCall(string address)
    {
        var holding = HeldConnection.KeepAsync(Open, new Uri(address), _time, _holding.Token);
        for (var time = 0; time < 3; time++)
            Assert.Equal(HeldConnection.RetryDelay, await _time.NextAsync().WaitAsync(s_patience));
        Assert.False(_calls.Reader.TryRead(out _));
        await _holding.CancelAsync();
        await holding.WaitAsync(s_patience);
    }

    [Fact]
    public async Task SomebodyThere_ACallIsHeld()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var holding = HeldConnection.KeepAsync(Open, new Uri($"http://{listener.LocalEndpoint}"), _time, _holding.Token);
        await NextCallAsync();
        await _holding.CancelAsync();
        await holding.WaitAsync(s_patience);
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private async Task<HeldCall> NextCallAsync() => await _calls.Reader.ReadAsync().AsTask().WaitAsync(s_patience);

    private AsyncServerStreamingCall<string> Open(CancellationToken cancellation)
    {
        var call = new HeldCall(cancellation);
        Assert.True(_calls.Writer.TryWrite(call));
        return new AsyncServerStreamingCall<string>(call, Task.FromResult(new Metadata()), static () => Status.DefaultSuccess, static () => [], call.Dispose);
    }

    private sealed class HeldCall : IAsyncStreamReader<string>, IDisposable
    {
        private readonly TaskCompletionSource<bool> _end = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public HeldCall(CancellationToken cancellation) =>
            cancellation.Register(() => _end.TrySetException(new RpcException(new Status(StatusCode.Cancelled, "cancelled"))));

        public string Current => "";

        public bool IsDisposed { get; private set; }

        public Task<bool> MoveNext(CancellationToken cancellationToken) => _end.Task;

        public void End(StatusCode? status)
        {
            if (status is { } code)
                _end.SetException(new RpcException(new Status(code, "ended")));
            else
                _end.SetResult(false);
        }

        public void Dispose() => IsDisposed = true;
    }

    /// <summary>Whatever is waited for is over at once; tells how long it would have been.</summary>
    private sealed class WaitedTime : TimeProvider
    {
        private readonly Channel<TimeSpan> _waits = Channel.CreateUnbounded<TimeSpan>();

        public async Task<TimeSpan> NextAsync() => await _waits.Reader.ReadAsync();

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            _waits.Writer.TryWrite(dueTime);
            return System.CreateTimer(callback, state, TimeSpan.Zero, period);
        }
    }
}

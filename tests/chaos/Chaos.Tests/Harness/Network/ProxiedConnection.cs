using System.Net.Sockets;
using System.Threading.Channels;

namespace Chaos.Tests.Harness.Network;

/// <summary>One connection from a member through the proxy of another: two streams of bytes, each under its own link.</summary>
internal sealed class ProxiedConnection(Socket dialler, Socket server, int from, int to, PeerNetwork network) : IDisposable
{
    private const int ChunkBytes = 32 * 1024;

    // A sender faster than the link waits, as it does when a window is full: 64 chunks of 32 KiB are 2 MiB on their way.
    private const int ChunksOnTheirWay = 64;

    private readonly CancellationTokenSource _end = new();
    private int _isReset;

    public bool Concerns(int member) => from == member || to == member;

    /// <summary>Carries bytes until both ends have closed, one has broken, or the connection is reset.</summary>
    public async Task RunAsync()
    {
        network.Register(this);
        try
        {
            await Task.WhenAll(CarryAsync(dialler, server, network.Between(from, to)), CarryAsync(server, dialler, network.Between(to, from)));
        }
        finally
        {
            network.Unregister(this);
        }
    }

    public void Reset()
    {
        if (Interlocked.Exchange(ref _isReset, 1) != 0)
            return;
        // Lingering for no time makes closing a reset.
        dialler.LingerState = server.LingerState = new LingerOption(true, 0);
        _end.Cancel();
        dialler.Close();
        server.Close();
    }

    public void Dispose()
    {
        dialler.Dispose();
        server.Dispose();
        _end.Dispose();
    }

    private async Task CarryAsync(Socket source, Socket target, Link link)
    {
        var onTheirWay = Channel.CreateBounded<Chunk>(new BoundedChannelOptions(ChunksOnTheirWay) { SingleReader = true, SingleWriter = true });
        var receiving = ReceiveAsync(source, link, onTheirWay.Writer);
        try
        {
            await DeliverAsync(target, link, onTheirWay.Reader);
        }
        catch (Exception error) when (error is SocketException or ObjectDisposedException or OperationCanceledException)
        {
            await BreakAsync();
        }
        await receiving;
    }

    // An end broke. The other learns it when the links are open: news does not travel over a cut.
    private async Task BreakAsync()
    {
        try
        {
            await network.Between(from, to).WhenOpenAsync(_end.Token);
            await network.Between(to, from).WhenOpenAsync(_end.Token);
        }
        catch (OperationCanceledException)
        {
            // Reset meanwhile.
        }
        Reset();
    }

    private async Task ReceiveAsync(Socket source, Link link, ChannelWriter<Chunk> onTheirWay)
    {
        Exception? broken = null;
        try
        {
            while (true)
            {
                var buffer = new byte[ChunkBytes];
                var read = await source.ReceiveAsync(buffer, _end.Token);
                if (read == 0)
                    return;
                await onTheirWay.WriteAsync(new(buffer.AsMemory(0, read), DateTime.UtcNow + link.Delay), _end.Token);
            }
        }
        catch (Exception error) when (error is SocketException or ObjectDisposedException or OperationCanceledException)
        {
            broken = error;
        }
        finally
        {
            // What was received before is still delivered.
            onTheirWay.Complete(broken);
        }
    }

    private async Task DeliverAsync(Socket target, Link link, ChannelReader<Chunk> onTheirWay)
    {
        await foreach (var chunk in onTheirWay.ReadAllAsync(_end.Token))
        {
            // A delay is cut to whole milliseconds, so one alone may end too soon.
            for (TimeSpan wait; (wait = chunk.Due - DateTime.UtcNow) > TimeSpan.Zero;)
                await Task.Delay(wait + TimeSpan.FromMilliseconds(1), _end.Token);
            await link.WhenOpenAsync(_end.Token);
            for (var left = chunk.Bytes; left.Length > 0;)
                left = left[await target.SendAsync(left, _end.Token)..];
        }
        await link.WhenOpenAsync(_end.Token);
        target.Shutdown(SocketShutdown.Send);
    }

    private readonly record struct Chunk(ReadOnlyMemory<byte> Bytes, DateTime Due);
}

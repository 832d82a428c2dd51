using Consensus.Client.Beats;
using Consensus.Contracts;
using Grpc.Core;

namespace Consensus.Host.Grpc;

/// <summary>
/// Writes a stream, and an extra message into every period in which nothing else was written. One write at a time, whoever
/// writes. A client that does not read stops the beats too: they are in no hurry to be sent twice.
/// </summary>
internal sealed class BeatingWriter<T>(IServerStreamWriter<T> stream, TimeProvider time) : IDisposable
{
    private readonly SemaphoreSlim _writing = new(1);
    private bool _wrote;

    public async ValueTask WriteAsync(T message, CancellationToken cancellation)
    {
        await _writing.WaitAsync(cancellation);
        try
        {
            _wrote = true;
            await stream.WriteAsync(message, cancellation);
        }
        finally
        {
            _writing.Release();
        }
    }

    /// <summary>Beats until cancelled, at first at once. Never throws: who writes real messages learns what is wrong with the stream.</summary>
    public async Task BeatAsync(Func<CancellationToken, ValueTask<T>> beat, CancellationToken ending)
    {
        using var timer = new PeriodicTimer(BeatTiming.Period, time);
        try
        {
            do
            {
                if (!_wrote)
                    await WriteAsync(await beat(ending), ending);
                _wrote = false;
            }
            while (await timer.WaitForNextTickAsync(ending));
        }
        catch (Exception e) when (e is OperationCanceledException or RpcException or IOException or InvalidOperationException or LogUnavailableException)
        {
            // The call or the service is over: the client hears so, or hears nothing more.
        }
    }

    public void Dispose() => _writing.Dispose();
}

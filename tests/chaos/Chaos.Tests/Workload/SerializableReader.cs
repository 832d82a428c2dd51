using EtcdApi.Etcdserverpb;
using Google.Protobuf;
using Grpc.Core;

namespace Chaos.Tests.Workload;

/// <summary>A client that reads what its member has, be it the newest or not, again and again.</summary>
public sealed class SerializableReader : IAsyncDisposable
{
    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(40), s_limit = TimeSpan.FromSeconds(15);

    private readonly IEtcdConnection _connection;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _reading;

    public SerializableReader(IEtcdConnection connection, string key)
    {
        _connection = connection;
        _reading = Task.Run(() => ReadAsync(new RangeRequest { Key = ByteString.CopyFromUtf8(key), Serializable = true }));
    }

    public List<RpcException> Errors { get; } = [];

    /// <summary>Answers that came.</summary>
    public int Answers { get; private set; }

    /// <summary>Lets it finish its read; counts and errors are final then.</summary>
    public async Task StopAsync()
    {
        await _stop.CancelAsync();
        await _reading;
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _reading.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing); // StopAsync has told.
        _connection.Dispose();
        _stop.Dispose();
    }

    private async Task ReadAsync(RangeRequest request)
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                await _connection.CallAsync(channel => EtcdCalls.RangeAsync(channel, request, s_limit), changesNothing: true);
                Answers++;
            }
            catch (RpcException error)
            {
                Errors.Add(error);
            }
            await Task.Delay(s_pause, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}

using System.IO.Pipelines;
using ApiGateway.Host.ClientPort;

namespace ApiGateway.Tests.Host;

/// <summary>Goal: the end of a connection is quiet, whatever its client did. Method: pipes in place of a socket.</summary>
public sealed class LingeringTransportTests
{
    [Fact]
    public async Task End_ClientBrokeTheConnectionDuringARead_IsQuiet()
    {
        var (fromClient, toClient) = (new Pipe(), new Pipe());
        var transport = new LingeringTransport(new Socket(fromClient.Reader, toClient.Writer));
        var reading = transport.Input.ReadAsync();
        await fromClient.Writer.CompleteAsync(new IOException("reset"));
        await Assert.ThrowsAsync<IOException>(async () => await reading);

        await transport.EndAsync(waitsForClient: true, TimeProvider.System);

        // The other half hears of it.
        await Assert.ThrowsAsync<IOException>(async () => await toClient.Reader.ReadAsync());
    }

    [Fact]
    public async Task End_ReadWasNotGivenBack_GoesOnUntilTheClientCloses()
    {
        var (fromClient, toClient) = (new Pipe(), new Pipe());
        var transport = new LingeringTransport(new Socket(fromClient.Reader, toClient.Writer));
        await fromClient.Writer.WriteAsync("abc"u8.ToArray());
        await transport.Input.ReadAsync();

        var ending = transport.EndAsync(waitsForClient: true, TimeProvider.System);
        await fromClient.Writer.WriteAsync("def"u8.ToArray());
        await fromClient.Writer.CompleteAsync();

        await ending;
    }

    private sealed record Socket(PipeReader Input, PipeWriter Output) : IDuplexPipe;
}

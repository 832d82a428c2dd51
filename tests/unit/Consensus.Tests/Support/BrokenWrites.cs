using System.Net;
using System.Net.Http.Headers;

namespace Consensus.Tests.Support;

/// <summary>
/// A connection that breaks under the first message of a call, before the call's reader learns of it: what is written fails in the connection's own words, and what is to be read
/// stays away for as long as the call is not given up.
/// </summary>
/// <param name="words">What a write throws then.</param>
internal sealed class BrokenWrites(Func<Exception> words) : HttpMessageHandler
{
    /// <summary>A connection that is reset, and one whose other side takes no more calls: the handler's two words.</summary>
    public static TheoryData<Func<Exception>> All =>
        new() { static () => new IOException("the request was aborted"), static () => new HttpRequestException("the server said that it goes away") };

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        _ = request.Content!.CopyToAsync(new Broken(words, cancellationToken), cancellationToken).ContinueWith(
            static body => body.Exception, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        await Task.Yield();
        var answer = new StreamContent(new Silent());
        answer.Headers.ContentType = new MediaTypeHeaderValue("application/grpc");
        return new HttpResponseMessage(HttpStatusCode.OK) { Version = HttpVersion.Version20, Content = answer };
    }

    /// <summary>Never has anything to read.</summary>
    private class Silent : Stream
    {
        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override void Flush()
        {
        }

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken);
            return 0;
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }

    /// <summary>Takes nothing.</summary>
    private sealed class Broken(Func<Exception> words, CancellationToken ended) : Silent
    {
        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            await Task.Yield();
            ended.ThrowIfCancellationRequested();
            throw words();
        }
    }
}

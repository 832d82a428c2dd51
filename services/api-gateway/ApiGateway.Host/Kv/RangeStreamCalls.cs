using ApiGateway.Core.Requests;
using ApiGateway.Host.Calls;
using EtcdApi.Etcdserverpb;
using Google.Protobuf;
using Grpc.Core;

namespace ApiGateway.Host.Kv;

/// <summary>
/// KV.RangeStream of etcd 3.7: the answer to a range in pieces of one revision, none larger than about a request may be. Merged, they are the answer of Range: the keys in
/// order, header, count and more in the last piece alone.
/// </summary>
internal sealed class RangeStreamCalls(KvService kv, GatewayOptions options)
{
    public async Task SendAsync(byte[] request, IServerStreamWriter<Reply> replies, ServerCallContext context)
    {
        RequestFailedException.ThrowIf(RangeStreamCheck.Check(request));
        var page = RangeRequest.Parser.ParseFrom(request);
        var left = page.Limit > 0 ? page.Limit : long.MaxValue;
        var size = new PageSize(options.MaxRequestBytes);
        RangeResponse? first = null;
        while (true)
        {
            page.Limit = page.CountOnly ? 0 : Math.Min(size.Keys, left);
            var answer = RangeResponse.Parser.ParseFrom((await kv.RangeAsync(page.ToByteArray(), context).ConfigureAwait(false)).ToArray());
            first ??= answer;
            left -= answer.Kvs.Count;
            if (!answer.More || left == 0)
            {
                // What there is in all, and from when it is, the first page knows.
                (answer.Header, answer.Count) = (first.Header, first.Count);
                await SendAsync(answer).ConfigureAwait(false);
                return;
            }
            page.Revision = page.Revision > 0 ? page.Revision : first.Header.Revision;
            // The smallest key behind the last one.
            page.Key = UnsafeByteOperations.UnsafeWrap((byte[])[.. answer.Kvs[^1].Key.Span, 0]);
            var piece = new RangeResponse();
            piece.Kvs.AddRange(answer.Kvs);
            size.Observe(answer.CalculateSize());
            await SendAsync(piece).ConfigureAwait(false);
        }

        Task SendAsync(RangeResponse piece) => replies.WriteAsync(
            Reply.WithoutHeader(new RangeStreamResponse { RangeResponse = piece }.ToByteArray()), context.CancellationToken);
    }
}

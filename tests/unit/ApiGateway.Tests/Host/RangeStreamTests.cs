using ApiGateway.Core.Requests;
using ApiGateway.Tests.Fakes;
using EtcdApi.Etcdserverpb;
using Google.Protobuf;
using Grpc.Core;

namespace ApiGateway.Tests.Host;

/// <summary>Goal: pieces of a streamed range, merged, are the answer of the range (etcd 3.7). Method: the method over fakes, beside Range.</summary>
public sealed class RangeStreamTests(GatewayFixture gateway) : IClassFixture<GatewayFixture>
{
    private static ByteString Text(string text) => ByteString.CopyFromUtf8(text);

    private async Task<List<RangeResponse>> StreamAsync(RangeRequest request)
    {
        using var call = gateway.Grpc.AsyncServerStreamingCall(
            Proto.Method<RangeRequest, RangeStreamResponse>("etcdserverpb.KV", "RangeStream", MethodType.ServerStreaming), null, default, request);
        var pieces = new List<RangeResponse>();
        while (await call.ResponseStream.MoveNext())
            pieces.Add(call.ResponseStream.Current.RangeResponse);
        return pieces;
    }

    private async Task PutAsync(string prefix, int count)
    {
        for (var i = 0; i < count; i++)
            await gateway.Grpc.CallAsync<PutRequest, PutResponse>("etcdserverpb.KV", "Put", new PutRequest { Key = Text($"{prefix}/{i:00}") });
    }

    [Theory]
    [InlineData(0, new[] { 10, 15 })]
    [InlineData(12, new[] { 10, 2 })]
    [InlineData(10, new[] { 10 })]
    [InlineData(25, new[] { 10, 15 })]
    public async Task Pieces_Merged_AreTheRange(int limit, int[] sizes)
    {
        await PutAsync($"s{limit}", 25);
        var request = new RangeRequest { Key = Text($"s{limit}/"), RangeEnd = Text($"s{limit}0"), Limit = limit };
        var range = await gateway.Grpc.CallAsync<RangeRequest, RangeResponse>("etcdserverpb.KV", "Range", request);

        var pieces = await StreamAsync(request);

        Assert.Equal(sizes, pieces.Select(piece => piece.Kvs.Count));
        Assert.All(pieces.SkipLast(1), piece => Assert.Equal((null, 0L, false), (piece.Header, piece.Count, piece.More)));
        var merged = new RangeResponse();
        pieces.ForEach(merged.MergeFrom);
        Assert.Equal(range, merged);
    }

    [Fact]
    public async Task CountAlone_IsOnePiece()
    {
        await PutAsync("c", 25);
        var piece = Assert.Single(await StreamAsync(new RangeRequest { Key = Text("c/"), RangeEnd = Text("c0"), CountOnly = true }));
        Assert.Equal(25, piece.Count);
    }

    [Theory]
    [InlineData("key is not provided", 3, false, false)]
    [InlineData("RangeStream does not support custom sort orders", 12, true, false)]
    [InlineData("RangeStream does not support revision filters", 12, false, true)]
    public async Task WhatHasNoPieces_IsRefused(string text, int code, bool isSorted, bool isFiltered)
    {
        var request = new RangeRequest { Key = Text(isSorted || isFiltered ? "a" : "") };
        if (isSorted)
            request.SortOrder = RangeRequest.Types.SortOrder.Descend;
        if (isFiltered)
            request.MaxModRevision = 5;
        var error = await Assert.ThrowsAsync<RpcException>(() => StreamAsync(request));
        Assert.Equal((code, true), ((int)error.StatusCode, error.Status.Detail.EndsWith(text, StringComparison.Ordinal)));
    }

    [Fact]
    public void PageSize_FollowsTheSizeOfPieces()
    {
        var size = new PageSize(1000);
        Assert.Equal(10, size.Keys);
        size.Observe(499);
        Assert.Equal(20, size.Keys);
        size.Observe(500);
        size.Observe(2000);
        Assert.Equal(20, size.Keys);
        size.Observe(2001);
        Assert.Equal(10, size.Keys);
        for (var i = 0; i < 100; i++)
            size.Observe(int.MaxValue);
        Assert.Equal(1, size.Keys);
    }
}

using System.Text;
using EtcdApi.Etcdserverpb;
using EtcdApi.Mvccpb;
using Google.Protobuf;
using WatchHub.Feed.Core;
using WatchHub.Feed.Core.Keys;
using WatchHub.Messages;

namespace WatchHub.Feed.Tests.Keys;

/// <summary>What goes into a message.</summary>
public class KeyMessagesTests
{
    private static readonly DateTimeOffset s_time = new(2026, 11, 29, 8, 0, 0, TimeSpan.Zero);

    private readonly KeyMessages _messages = new("orders", EventIds.SourceOf(0xcafe));

    [Fact]
    public void Put_HasTheAttributesOfCloudEvents()
    {
        var message = _messages.Of(Change("/orders/1", 7), s_time);
        Assert.Equal("1.0", message.Specversion);
        Assert.Equal("/distributed/clusters/cafe", message.Source);
        Assert.Equal(MessageTypes.KeyPut, message.Type);
        Assert.Equal("/orders/1", message.Subject);
        Assert.Equal(s_time, message.Time);
        Assert.Equal(("orders", 7L, 5), (message.Feed, message.Revision, message.ValueBytes));
        Assert.Equal("value"u8.ToArray(), message.Value);
    }

    [Fact]
    public void Subject_KeyThatIsNoText_IsBase64() =>
        Assert.Equal("base64:/wA=", _messages.Of(new KeyChange(new byte[] { 255, 0 }, default, IsDelete: true, 3, 0, 0, 0), s_time).Subject);

    [Fact]
    public void Id_IsTheSameForTheSameChange_AndForNoOther()
    {
        var id = _messages.Of(Change("a", 7), s_time).Id;
        Assert.Equal(id, new KeyMessages("another", "x").Of(Change("a", 7), s_time.AddDays(1)).Id);
        Assert.NotEqual(id, _messages.Of(Change("a", 8), s_time).Id);
        Assert.NotEqual(id, _messages.Of(Change("b", 7), s_time).Id);
        Assert.Equal(EventIds.MessageId("s", id), EventIds.MessageId("s", id));
        Assert.NotEqual(EventIds.MessageId("s", id), EventIds.MessageId("t", id));
    }

    [Fact]
    public void Read_LeavesOutWhatFeedsKeep()
    {
        var response = new WatchResponse();
        foreach (var key in (string[])["/distributed/feed/orders/cursor", "/distributed/feed", "/a"])
            response.Events.Add(new Event { Kv = new EtcdApi.Mvccpb.KeyValue { Key = ByteString.CopyFromUtf8(key), ModRevision = 4 } });
        Assert.Equal(["/distributed/feed", "/a"], WatchedChanges.Read(response.ToByteArray()).Select(static change => Encoding.UTF8.GetString(change.Key.Span)));
    }

    [Theory]
    [InlineData("", "00", "00")]
    [InlineData("61", "61", "62")]
    [InlineData("61ff", "61ff", "62")]
    [InlineData("ffff", "ffff", "00")]
    public void KeyRange_OfPrefix(string prefix, string key, string end)
    {
        var range = KeyRange.OfPrefix(Convert.FromHexString(prefix));
        Assert.Equal((key, end), (Convert.ToHexStringLower(range.Key), Convert.ToHexStringLower(range.End)));
    }

    private static KeyChange Change(string key, long revision) =>
        new(Encoding.UTF8.GetBytes(key), "value"u8.ToArray(), IsDelete: false, revision, revision, 1, 0);
}

using MassTransit;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;
using RabbitMQ.Client.Exceptions;
using WatchHub.Feed.Broker;
using WatchHub.Feed.Core.Delivery;

namespace WatchHub.Feed.Tests.Broker;

/// <summary>What exceptions of the broker's client mean, as they come: wrapped.</summary>
public class BrokerFailureTests
{
    [Fact]
    public void RefusedLogin_IsNotAllowed_AndEndsTheConnection()
    {
        var failed = new RabbitMqConnectionException("no connection", new BrokerUnreachableException(new AuthenticationFailureException("ACCESS_REFUSED - who are you")));
        Assert.Equal(new SendResult(SendOutcome.NotAllowed, "ACCESS_REFUSED - who are you"), BrokerFailure.Read(failed));
        Assert.True(BrokerFailure.EndsConnection(failed));
    }

    [Theory]
    [InlineData(403, SendOutcome.NotAllowed)]
    [InlineData(530, SendOutcome.NotAllowed)]
    [InlineData(406, SendOutcome.Suspected)]
    [InlineData(320, SendOutcome.Unavailable)]
    public void ClosedWithAReplyCode_IsWhatTheCodeSays(ushort code, SendOutcome outcome)
    {
        var failed = new RabbitMqConnectionException("closed", new OperationInterruptedException(new ShutdownEventArgs(ShutdownInitiator.Peer, code, "its words")));
        Assert.Equal(outcome, BrokerFailure.Read(failed).Outcome);
        Assert.Contains("its words", BrokerFailure.Read(failed).Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Unreachable_IsUnavailable_WithTheReasonBehindIt()
    {
        var failed = new RabbitMqConnectionException("no connection", new BrokerUnreachableException(new IOException("the name is unknown")));
        Assert.Equal(new SendResult(SendOutcome.Unavailable, "the name is unknown"), BrokerFailure.Read(failed));
    }
}

using MassTransit;
using MassTransit.RabbitMqTransport;
using RabbitMQ.Client.Exceptions;
using WatchHub.Feed.Core.Delivery;
using PublishException = RabbitMQ.Client.Exceptions.PublishException;

namespace WatchHub.Feed.Broker;

/// <summary>Whether an exception is the broker's word on one message, its word on the feed, or says only that the broker is away.</summary>
internal static class BrokerFailure
{
    // Reply codes of AMQP 0-9-1, §1.2. The last is about a virtual host.
    private const ushort AccessRefused = 403, PreconditionFailed = 406, NotAllowed = 530;

    public static SendResult Read(Exception failed)
    {
        for (var cause = failed; cause is not null; cause = cause.InnerException)
        {
            if (cause is MessageReturnedException or MessageNotAcknowledgedException or PublishException)
                return new SendResult(SendOutcome.Refused, cause.Message);
            // The channel was closed over a message, such as one that is too large, and with it ended all that were under way.
            if (cause is OperationInterruptedException { ShutdownReason: { ReplyCode: PreconditionFailed } reason })
                return new SendResult(SendOutcome.Suspected, reason.ReplyText);
            if (cause is OperationInterruptedException { ShutdownReason: { ReplyCode: AccessRefused or NotAllowed } refusal })
                return new SendResult(SendOutcome.NotAllowed, refusal.ReplyText);
            if (cause is AuthenticationFailureException)
                return new SendResult(SendOutcome.NotAllowed, cause.Message);
        }
        // The innermost: those around it say that there was no connection.
        return new SendResult(SendOutcome.Unavailable, failed.GetBaseException().Message);
    }

    /// <summary>Whether MassTransit has given the connection up: it does for what it takes to be lasting, such as a refused login, and then tries no more by itself.</summary>
    public static bool EndsConnection(Exception failed)
    {
        for (var cause = failed; cause is not null; cause = cause.InnerException)
        {
            if (cause is ConnectionException { IsTransient: false })
                return true;
        }
        return false;
    }
}

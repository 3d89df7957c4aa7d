import { Global, Module } from '@nestjs/common';
import { OutboundHosts } from './outbound-hosts.js';

/** Lets modules connect to hosts that users name. */
@Global()
@Module({ providers: [OutboundHosts], exports: [OutboundHosts] })
export class OutboundModule {}

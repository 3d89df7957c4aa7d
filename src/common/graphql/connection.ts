import type { Type } from '@nestjs/common';
import { Field, ObjectType } from '@nestjs/graphql';
import { type Page, PageInfo } from './page.js';

/**
 * Makes the Relay connection type of a node type: `class UserConnection extends connectionOf(User, 'User') {}` with
 * `@ObjectType({ description })` on the subclass.
 */
export function connectionOf<Node extends object>(nodeType: Type<Node>, name: string): Type<Page<Node>> {
  @ObjectType(`${name}Edge`, { description: `One ${name} of a list, with its cursor.` })
  class Edge {
    @Field(() => String, { description: 'Pass it as `after` to continue behind this row.' })
    cursor!: string;

    @Field(() => nodeType, { description: 'The row itself.' })
    node!: Node;
  }

  @ObjectType({ isAbstract: true })
  class Connection implements Page<Node> {
    @Field(() => [Edge], { description: 'The rows of this page, in order.' })
    edges!: Edge[];

    @Field(() => PageInfo, { description: 'Where this page stands within the list.' })
    pageInfo!: PageInfo;
  }
  return Connection;
}

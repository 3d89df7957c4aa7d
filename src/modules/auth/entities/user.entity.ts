import { Column, Entity, PrimaryColumn, Unique } from 'typeorm';

/** A person, who may be a member of several workspaces with one password. */
@Entity('users')
@Unique('users_email_key', ['email'])
export class UserEntity {
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'users_pkey' })
  id!: string;

  /** In lower case. Collated by bytes, so that lists are ordered alike on every installation. */
  @Column({ type: 'text', collation: 'C' })
  email!: string;

  @Column('text')
  displayName!: string;

  /** Argon2id in PHC string format. */
  @Column('text')
  passwordHash!: string;

  @Column({ type: 'timestamptz', precision: 3 })
  createdAt!: Date;
}
